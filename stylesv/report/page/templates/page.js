// Sorts tables, starts films together, and marks what a browser cannot show; says on <html> how much it could.
(() => {
  const number = (text) => {
    const found = text.replaceAll(",", "").match(/^[≈*[\s]*([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/i);
    return found ? Number(found[1]) : NaN;
  };
  const kind = (text) => (!Number.isNaN(number(text)) ? 0 : ["", "–"].includes(text) ? 2 : 1);
  const compare = (a, b, sign) => {
    if (kind(a) !== kind(b)) return kind(a) - kind(b);  // numbers, words, nothing: whichever way numbers run
    return sign * (kind(a) === 0 ? number(a) - number(b) : a.localeCompare(b));
  };
  // cells above these span several columns
  const heads = (table) => [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  const sort = (table, column, head) => {
    const descending = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads(table)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const text = (row) => row.cells[column]?.dataset.sort ?? row.cells[column]?.innerText.trim() ?? "";
    const rows = [...table.tBodies[0].rows].sort((a, b) => compare(text(a), text(b), descending ? -1 : 1));
    table.tBodies[0].append(...rows);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    heads(table).forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.title = "sort by this column";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, column, head));
    });
  }

  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const group of document.querySelectorAll(".films")) {
    const films = [...group.querySelectorAll("video")];
    const ready = (film) =>
      new Promise((done) => {
        if (film.readyState >= 3 || film.error) return done();
        for (const event of ["canplay", "error"]) film.addEventListener(event, done, { once: true });
      });
    Promise.all(films.map(ready)).then(() => {
      for (const film of films) film.currentTime = 0;
      if (!still) for (const film of films) film.play().catch(() => {});
    });
    // films of one length stay together: whoever begins again takes the others along
    let last = 0;
    films[0]?.addEventListener("timeupdate", () => {
      const now = films[0].currentTime;
      if (now < last) {
        for (const film of films.slice(1)) {
          if (!film.paused && Math.abs(film.duration - films[0].duration) < 0.05) film.currentTime = now;
        }
      }
      last = now;
    });
  }

  const media = [...document.querySelectorAll("figure img, figure video")];
  const shown = (m) => (m.tagName === "IMG" ? m.complete && m.naturalWidth > 0 : m.readyState >= 2);
  const report = () => {
    for (const m of media) m.classList.toggle("failed", Boolean(m.error) || (m.tagName === "IMG" && m.complete && !m.naturalWidth));
    document.documentElement.dataset.media = `${media.filter(shown).length} of ${media.length}`;
  };
  for (const m of media) {
    for (const event of ["load", "loadeddata", "canplay", "seeked", "error"]) m.addEventListener(event, report);
    const other = m.dataset.animation;
    if (other) {
      m.addEventListener("error", () => {  // a browser without H.264 shows the animated picture
        const picture = document.createElement("img");
        picture.src = other;
        picture.alt = m.getAttribute("aria-label");
        m.replaceWith(picture);
        media[media.indexOf(m)] = picture;
        picture.addEventListener("load", report);
        picture.addEventListener("error", report);
      });
    }
  }
  report();
})();
