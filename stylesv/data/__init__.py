"""Videos in, packed clips out, and the frames that a clip shows (floor 2)."""
