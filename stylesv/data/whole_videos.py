"""Videos read as they are, whole or not at all."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from stylesv.data.decoding import SourceFrame, VideoFacts, decode_film
from stylesv.data.pictures import decode_frame_folder
from stylesv.data.video_sources import VideoSource
from stylesv.errors import DataError


def decode_source(source: VideoSource, facts: VideoFacts | None = None) -> Iterator[SourceFrame]:
    """All frames of a source, which fill `facts`; a part of a video must not pass for the whole.

    Raises:
        DataError: it is damaged.
        MachineError: it cannot be read, though it may be sound.
    """
    facts = facts or VideoFacts()
    if source.kind == "frames":
        yield from decode_frame_folder(source, facts)
    elif source.zipped:
        with tempfile.NamedTemporaryFile(suffix=Path(source.members[0]).suffix) as film:
            try:
                film.write(source.read(source.members[0]))
            except DataError as error:
                raise DataError(f"{source.root / source.name}: {error}; mend it or leave it out") from error
            film.flush()
            yield from decode_film(Path(film.name), facts)
    else:
        yield from decode_film(source.root / source.members[0], facts)
    if facts.damage:
        raise DataError(f"{source.root / source.name}: {facts.damage}; mend it or leave it out")
