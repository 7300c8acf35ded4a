"""The page: controls on one side, the film on the other. It knows what is asked for; the worker makes it."""

import asyncio
import html
import traceback
from pathlib import Path
from typing import Any

from nicegui import ui

from stylesv.errors import StyleSVError, machine_trouble, one_line
from stylesv.explore.command import command_of
from stylesv.explore.controls import Controls
from stylesv.explore.film import Film, Piece
from stylesv.explore.studio import Studio
from stylesv.explore.view import View
from stylesv.explore.worker import Cancelled, Worker
from stylesv.records.snapshot import read_snapshot_header
from stylesv.workflow.given_networks import find_frame_rate

HERE = Path(__file__).parent


class Player(ui.element, component="player.js"):
    """A canvas that shows the frames of a film as they come."""

    def begin(self, film: Film) -> None:
        """Wait for this film; what was shown stays until its first frame."""
        columns, rows = film.view.grid
        size = {"columns": columns, "rows": rows, "size": film.resolution}
        self.run_method("begin", {"number": film.number, "times": film.times, "fps": film.view.fps, **size})

    def add(self, film: Film, piece: Piece) -> None:
        """Load the next frames."""
        self.run_method("add", film.number, piece.first, piece.count)


class Page:
    """One visitor's page."""

    def __init__(self, studio: Studio, worker: Worker, networks: Path):
        self._studio, self._worker = studio, worker
        self._networks = networks
        self._film: Film | None = None
        self._loop = asyncio.get_running_loop()

    def build(self) -> None:
        """Put it together, for the client that asks for it."""
        ui.add_css(HERE / "page.css")
        ui.context.client.on_delete(lambda: self._worker.forget(self))
        class_dim = read_snapshot_header(self._networks).class_dim
        rate = find_frame_rate(self._networks)
        view = View(self._networks) if rate is None else View(self._networks, fps=rate.fps)
        self._controls = Controls(view, class_dim, self._show, lambda what: self._tell(what, wrong=True))
        with ui.element("main").classes("explore"):
            with ui.element("section").classes("controls"):
                ui.html(f"<h1>{_title(self._networks)}</h1>", sanitize=False)
                self._controls.build()
            with ui.element("section").classes("film"):
                self._player = Player()
                self._player.on("ready", self._show)
                self._player.on("pick", lambda e: self._pick(int(e.args["column"]), int(e.args["row"])))
                self._told = ui.label().classes("told").props('aria-live="polite"')
            with ui.element("section").classes("results"):
                self._build_actions()

    def _build_actions(self) -> None:
        with ui.element("div").classes("actions"):
            for what, label in (
                ("mp4", "save MP4"),
                ("webp", "save WebP"),
                ("gif", "save GIF"),
                ("png", "save this frame"),
            ):
                button = ui.button(label, on_click=lambda what=what: self._save(what))
                button.props('outline dense no-caps padding="4px 12px"')
        ui.label("The command that makes it:").classes("caption")
        with ui.element("div").classes("command"):
            self._command = ui.label().classes("typed")
            copy = ui.button(icon="content_copy", on_click=lambda: ui.clipboard.write(self._command.text))
            copy.props('flat dense round size=sm aria-label="copy the command"')
        self._differs = ui.label().classes("caption")

    def _pick(self, column: int, row: int) -> None:
        if self._film is not None:
            self._controls.pick(column, row, self._film.view, self._film.class_number)

    def _show(self) -> None:
        """Ask for what the controls say."""
        view = self._controls.view
        command, differs = command_of(view)
        self._command.set_text(command)
        self._differs.set_text("")
        if differs:
            self._differs.set_text(f"Of what it makes: {'; '.join(differs)}.")
        self._worker.ask(self, lambda cancelled: self._make(view, cancelled))

    def _make(self, view: View, cancelled: Cancelled) -> None:
        """In the worker."""

        def tell(film: Film, piece: Piece | None) -> None:
            self._loop.call_soon_threadsafe(self._take, view, film, piece)

        try:
            self._studio.make(view, cancelled, tell)
        except StyleSVError as error:
            said = one_line(error)
        except Exception as error:
            trouble = machine_trouble(error)
            if trouble is None:
                traceback.print_exc()
            said = f"{trouble.what}; {trouble.advice}" if trouble else f"a defect, see the terminal: {one_line(error)}"
        else:
            return
        self._loop.call_soon_threadsafe(lambda: view == self._controls.view and self._tell(said, wrong=True))

    def _take(self, view: View, film: Film, piece: Piece | None) -> None:
        """What the worker has made, if it is still wanted."""
        if view != self._controls.view:
            return
        if piece is not None:
            self._player.add(film, piece)
            return
        self._film = film
        self._player.begin(film)
        shortened = len(film.times) < len(view.times())
        short = f"As many frames as the page can hold: {len(film.times)}. " if shortened else ""
        self._tell(short + (film.note or ""))

    def _tell(self, what: str, *, wrong: bool = False) -> None:
        self._told.set_text(what)
        self._told.classes(add="wrong") if wrong else self._told.classes(remove="wrong")

    async def _save(self, what: str) -> None:
        film = self._film
        if film is None or (what != "png" and not film.is_whole):
            self._tell("The film is not made yet.")
            return
        if what != "png":
            ui.download.from_url(f"/films/{film.number}/film.{what}")
            return
        shown: Any = await self._player.run_method("shownFrame")
        ui.download.from_url(f"/films/{film.number}/frames/{int(shown)}.png")


def _title(networks: Path) -> str:
    return html.escape(networks.parents[1].name if networks.parent.name.isdecimal() else networks.name)
