"""What the terminal shows of a call of Snakemake: a line a job, and a live line for what runs (profiles/default).

Snakemake finds the plugin by its name (`logger: stylesv`). All that Snakemake says goes to its own log file as ever, and
`--logger-stylesv-full` brings it back to the terminal. Warnings and errors are never left out.
"""

import sys
from dataclasses import dataclass, field
from logging import LogRecord

from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options of the command line, as `--logger-stylesv-full`."""

    full: bool = field(default=False, metadata={"help": "Print all that Snakemake says, as without this logger."})


class LogHandler(LogHandlerBase):
    """The lines of a call."""

    def __post_init__(self) -> None:
        # only where it is chosen: Snakemake imports every plugin, also where an older package of ours comes first
        from snakemake_logger_plugin_stylesv.live_line import LiveLine
        from snakemake_logger_plugin_stylesv.told import CallTeller, is_about_snakemake

        common = self.common_settings
        quiet = common.quiet or ()
        # what a dry run is for is what Snakemake says of each job: why it would run
        self.full = bool((self.settings and self.settings.full) or common.dryrun or common.verbose or common.debug_dag)
        stream = sys.stdout if common.stdout else sys.stderr
        self.plain = ColorizingTextHandler(nocolor=common.nocolor, stream=stream)
        self.plain.setFormatter(DefaultFormatter(quiet, common.show_failed_logs))
        self.allowed = DefaultFilter(quiet, common.debug_dag, common.verbose, common.dryrun, common.printshellcmds)
        self.teller, self.is_about_snakemake = CallTeller(), is_about_snakemake
        self.live = LiveLine(self.plain.stream, self.teller.running)
        if not self.full and not any(str(what) in ("all", "progress") for what in quiet):
            self.live.start()

    def emit(self, record: LogRecord) -> None:
        """Print what is to be seen of a record; a stream that fails now may be there again for the next one."""
        try:
            self._print(record)
        except Exception:
            self.handleError(record)

    def _print(self, record: LogRecord) -> None:
        with self.live.lock:  # which reads the jobs, too
            lines = self._lines(record)
        if lines == [] or not self.allowed.filter(record):
            return
        with self.live.hidden():
            if lines is None:
                self.plain.emit(record)
                return
            self.plain.stream.write("".join(f"{line}\n" for line in lines))
            self.plain.stream.flush()

    def _lines(self, record: LogRecord) -> list[str] | None:
        """What is printed in place of a record; None: the record as it is, also where ours fails: it is not lost."""
        try:
            told = self.teller.note(record)
            if self.full:
                return None
            return [] if told is None and self.is_about_snakemake(record) else told
        except Exception as error:
            print(f"(Snakemake's own words follow, since ours failed: {error!r})", file=self.plain.stream)
            return None

    def close(self) -> None:
        """Leave the live line."""
        self.live.stop()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        return True

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return True

    @property
    def has_formatter(self) -> bool:
        return True

    @property
    def needs_rulegraph(self) -> bool:
        return False
