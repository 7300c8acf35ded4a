"""`python film_of_length.py FRAMES SIZE OUT`: a film of a small network, and what it took."""

import re
import sys
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import torch
from motion_models import build

from stylesv.generation import films
from stylesv.generation.film_folder import FilmTarget
from stylesv.generation.request import GenerateRequest
from stylesv.media.video_file import VideoWriter

NARROW = {"channel_max": 8, "synthesis": {"num_layers": 3, "margin_size": 2}}


def main() -> None:
    """Prints the peak of memory in kB, and seconds for a frame in each tenth of the film."""
    num_frames, size, out = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    torch.set_num_threads(1)
    generator = build("linear", size=size, channel_base=2 * size, **NARROW)
    films.load_generator = lambda networks: (generator, None)
    request = GenerateRequest(1, num_frames, 0, Fraction(1), 25.0, None, 1.0, 0, False, None, "mp4")
    add, moments = VideoWriter.add, []

    def timed(self: object, frame: object) -> None:
        if len(moments) * num_frames // 10 <= self.count:
            moments.append(time.process_time())
        add(self, frame)

    VideoWriter.add = timed
    for _ in films.write_films(Path(__file__), FilmTarget(out, None, False), request):
        pass
    moments.append(time.process_time())
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]
    print(peak, *(f"{(b - a) / (num_frames / 10):.5f}" for a, b in pairwise(moments)))


if __name__ == "__main__":
    main()
