"""The page's controls: every change is a new view."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nicegui import ui

from stylesv.explore.snapshots import snapshots_beside
from stylesv.explore.view import MOST_SIDE, Kind, Source, View

KINDS = {"one": "one clip", "seeds": "grid", "decomposition": "content × motion", "between": "between"}
DECIMALS = 6  # of what is no whole number
SEEDS_DRAWN = 100_000  # a die's sides
START_SHOWN = 1000  # frames that the slider of the start reaches; the number beside it goes further
SPEED_SHOWN = 4  # likewise
LENGTH_SHOWN = 128  # likewise


class Controls:
    """Inputs for one visitor, and the view that they stand for."""

    def __init__(self, view: View, class_dim: int, changed: Callable[[], object], wrong: Callable[[str], object]):
        """`changed` is called when the view is another one, `wrong` with a sentence where an input is no number."""
        self.view = view
        self._class_dim = class_dim
        self._changed, self._wrong = changed, wrong
        self._only_of: list[tuple[Any, tuple[Kind, ...]]] = []
        self._like_content = True
        self._class: ui.select | None = None

    def build(self) -> None:
        """Put them into the element that is open."""
        self._build_snapshots()
        self._kind = ui.toggle(KINDS, value=self.view.kind, on_change=lambda e: self._set(kind=e.value))
        self._kind.props('spread dense no-caps unelevated aria-label="what is shown"').classes("kinds")
        with ui.element("div").classes("group"):
            self._content = self._source("seed", "clip", "content")
            self._only_of.append((self._content[1], ("one",)))
            with ui.element("div").classes("group-of-motion") as motion:
                self._switch = ui.switch("motion of the same seed", value=True, on_change=lambda e: self._tie(e.value))
                self._motion = self._source("motion seed", "clip", "motion")
            self._only_of.append((motion, ("one", "decomposition", "between")))
            self._only_of.append((self._motion[1], ("one",)))
            with ui.element("div").classes("group-of-motion") as other:
                with ui.element("div").classes("pair"):
                    second = self._number("seed of the other content", "second_seed", least=0, most=None)
                    self._die(second)
                self._slider("frames from one to the other", "every", least=1, most=LENGTH_SHOWN, step=1, whole=True)
            self._only_of.append((other, ("between",)))
            with ui.element("div").classes("sides") as sides:
                self._number("columns", "columns", most=MOST_SIDE, least=1)
                self._number("rows", "rows", most=MOST_SIDE, least=1)
            self._only_of.append((sides, ("seeds", "decomposition")))
        with ui.element("div").classes("group"):
            self._slider("truncation ψ", "truncation", least=0, most=2, step=0.05)
            if self._class_dim:
                classes = {-1: "drawn for each"} | {number: f"class {number}" for number in range(self._class_dim)}
                self._class = ui.select(classes, value=-1, label="class", on_change=lambda e: self._set_class(e.value))
                self._class.props("dense")
        with ui.element("div").classes("group"):
            self._slider("start, frames", "start", least=0, most=START_SHOWN, step=1, whole=True)
            self._slider("length, frames", "num_frames", least=1, most=LENGTH_SHOWN, step=1, whole=True)
            self._slider("speed (below 0: backwards)", "speed", least=-SPEED_SHOWN, most=SPEED_SHOWN, step=0.125)
            ui.switch("motion stands still", value=False, on_change=lambda e: self._set(still=e.value))
            self._number("frames per second", "fps", least=0.1, most=None, whole=False)
        self._arrange()

    def pick(self, column: int, row: int, view: View, class_number: int | None) -> None:
        """Show one clip of a grid alone, of the view that is shown, and of the class that all of its clips have."""
        columns = view.grid[0]
        content = motion = Source(view.content.seed, row * columns + column)
        if view.kind == "decomposition":
            content, motion = Source(view.content.seed, column), Source(view.motion.seed, row)
        self._switch.set_value(content == motion)
        for (seed, number, _), source in ((self._content, content), (self._motion, motion)):
            seed.set_value(source.seed)
            number.set_value(source.number)
        if self._class is not None and class_number is not None:
            self._class.set_value(class_number)
        self._kind.set_value("one")

    def _build_snapshots(self) -> None:
        found = snapshots_beside(self.view.networks)
        if len(found) < 2:
            return
        kimg = next(kimg for kimg, path in found.items() if path == self.view.networks)
        names = {each: f"{each} kimg" for each in found}
        select = ui.select(names, value=kimg, label="snapshot", on_change=lambda e: self._set(networks=found[e.value]))
        select.props("dense options-dense")

    def _source(self, label: str, number_label: str, name: str) -> tuple[ui.number, ui.number, ui.button]:
        """A seed, the number of the clip of that seed, and a die for the seed."""
        with ui.element("div").classes("pair"):
            source: Source = getattr(self.view, name)
            seed = self._bare_number(label, source.seed, lambda value: self._set_source(name, seed=value))
            number = self._bare_number(number_label, source.number, lambda value: self._set_source(name, number=value))
            die = self._die(seed)
        return seed, number, die

    def _die(self, seed: ui.number) -> ui.button:
        die = ui.button(icon="casino", on_click=lambda: seed.set_value(random.randrange(SEEDS_DRAWN)))
        return die.props(f'flat dense round aria-label="draw: {seed.props["label"]}"')

    def _slider(
        self,
        label: str,
        name: str,
        *,
        least: int | float,
        most: int | float,
        step: int | float,
        whole: bool = False,
    ) -> None:
        """A slider, and the number itself, which may go further."""
        ui.label(label).classes("caption")
        with ui.element("div").classes("line"):
            slider = ui.slider(min=least, max=most, step=step, value=getattr(self.view, name))
            slider.props(f'aria-label="{label}"')
            number = self._bare_number(
                "", getattr(self.view, name), lambda value: self._set(**{name: value}), whole=whole
            )
            number.props(f'aria-label="{label}" step={step}')
        slider.on_value_change(lambda e: number.set_value(e.value))
        number.on_value_change(lambda e: self._follow(slider, e.value, least, most))

    def _follow(self, slider: ui.slider, value: int | float | None, least: int | float, most: int | float) -> None:
        if value is not None and least <= value <= most:
            slider.set_value(value)

    def _number(
        self, label: str, name: str, *, least: int | float, most: int | float | None, whole: bool = True
    ) -> ui.number:
        value = getattr(self.view, name)
        number = self._bare_number(label, value, lambda given: self._set(**{name: given}), whole=whole)
        return number.props(f"min={least}" + (f" max={most}" if most is not None else ""))

    def _bare_number(
        self, label: str | None, value: int | float, use: Callable[[Any], None], *, whole: bool = True
    ) -> ui.number:
        def changed(event: Any) -> None:
            given = event.value
            if given is None or (whole and given != int(given)):
                self._wrong(f"{label or 'a value'}: a {'whole ' if whole else ''}number is expected")
                return
            use(int(given) if whole else round(float(given), DECIMALS))

        number = ui.number(label, value=value, on_change=changed).props("dense outlined")
        return number if label is not None else number.props(remove="label")

    def _set_source(self, name: str, **changes: int) -> None:
        changed = {name: replace(getattr(self.view, name), **changes)}
        if name == "content" and self._like_content:
            changed["motion"] = changed["content"]
        self._set(**changed)

    def _tie(self, like_content: bool) -> None:
        self._like_content = like_content
        motion = self.view.content
        if not like_content:
            motion = Source(*(int(each.value or 0) for each in self._motion[:2]))
        self._set(motion=motion)

    def _set_class(self, number: int) -> None:
        self._set(class_number=None if number < 0 else number)

    def _set(self, **changes: Any) -> None:
        before, self.view = self.view, replace(self.view, **changes)
        self._arrange()
        if self.view != before:
            self._changed()

    def _arrange(self) -> None:
        """Show the inputs that the view uses."""
        for element, kinds in self._only_of:
            element.set_visibility(self.view.kind in kinds)
        for each in self._motion:
            each.set_enabled(not self._like_content)
