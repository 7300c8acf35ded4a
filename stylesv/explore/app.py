"""What the server answers: the page, and pictures and films of what it shows. Nothing of it comes from elsewhere."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, HTTPException, Response
from nicegui import ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from stylesv.explore.film import Film
from stylesv.explore.page import Page
from stylesv.explore.studio import Studio
from stylesv.explore.worker import Worker
from stylesv.film_forms import MOVING_FORMS

MEDIA = {".mp4": "video/mp4", ".webp": "image/webp", ".gif": "image/gif", ".png": "image/png"}


def build_app(studio: Studio, worker: Worker, networks: Path, *, hosts: list[str]) -> FastAPI:
    """The page at `/`, and below `/films` what it shows; `hosts` are the names it answers to, so that no other site's
    name can be made to lead here.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)

    @app.get("/films/{number}/pieces/{first}.png")
    def piece(number: int, first: int) -> Response:
        for each in _film(studio, number).pieces:
            if each.first == first:
                return Response(each.png, media_type=MEDIA[".png"])
        raise HTTPException(404)

    @app.get("/films/{number}/frames/{frame}.png")
    def frame(number: int, frame: int) -> Response:
        film = _film(studio, number)
        if not 0 <= frame < film.num_made:
            raise HTTPException(404)
        return _file(f"{_name(film)}_frame{frame}.png", lambda path: film.save_frame(path, frame))

    @app.get("/films/{number}/film.{kind}")
    def whole(number: int, kind: str) -> Response:
        film = _film(studio, number)
        if kind not in MOVING_FORMS or not film.is_whole:
            raise HTTPException(404)
        return _file(f"{_name(film)}.{kind}", film.save)

    def page() -> None:
        Page(studio, worker, networks).build()

    ui.run_with(app, root=page, title="StyleSV explore", dark=None, tailwind=False, show_welcome_message=False)
    return app


def _film(studio: Studio, number: int) -> Film:
    film = studio.films.by_number(number)
    if film is None:
        raise HTTPException(404)
    return film


def _file(name: str, save: Callable[[Path], None]) -> Response:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        save(path)
        content = path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[path.suffix], headers=headers)


def _name(film: Film) -> str:
    """Of a file, without its ending."""
    networks, view = film.view.networks, film.view
    run = [networks.parents[1].name, networks.parent.name] if networks.parent.name.isdecimal() else [networks.stem]
    return "_".join([*run, view.kind, f"seed{view.content.seed}", f"t{view.start:g}"])
