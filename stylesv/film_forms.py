"""Forms that films are written in: named in settings, on command lines and where they are written."""

from typing import Literal, get_args

MovingForm = Literal["mp4", "gif", "webp"]
FolderForm = Literal["png", "jpg"]
Form = Literal[MovingForm, FolderForm, "npz"]
"""One file; a folder of pictures; arrays of numpy."""
MOVING_FORMS: tuple[str, ...] = get_args(MovingForm)
FOLDER_FORMS: tuple[str, ...] = get_args(FolderForm)
FORMS: tuple[str, ...] = get_args(Form)
