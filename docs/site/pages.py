"""What mkdocs does beside its plugins: README and the changes are pages of the site, and every room of the package has one."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changes.md"}
LEAVING = re.compile(r"\[([^\]]*)\]\((?:\.\./)?(?:LICENSE|CITATION\.cff)\)")


def rooms() -> dict[str, list[str]]:
    """The package's modules by the room that they are in, by dotted names."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "stylesv").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if name != "stylesv":
            found.setdefault(name.split(".")[1], []).append(name)
    return found


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Let the menu have the package's rooms."""
    config.nav = [*(config.nav or []), {"Package": [f"package/{room}.md" for room in rooms()]}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text().replace("](docs/", "](")))
    for room, modules in rooms().items():
        text = "\n\n".join([f"# {room}", *(f"::: {module}" for module in modules)])
        files.append(File.generated(config, f"package/{room}.md", content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Links to what has become a page lead there; other files of the project are named."""
    for source, page in PAGES.items():
        markdown = re.sub(rf"\]\((?:\.\./)?{re.escape(source)}\)", f"]({page})", markdown)
    return LEAVING.sub(r"`\1`", markdown)
