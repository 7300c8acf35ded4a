// Plays the frames of a film as they come. A piece is a picture with some frames one under the other, each with its clips
// in columns and rows; the canvas has one pixel for each of theirs, and CSS enlarges it.
const GAP = 1; // pixels between clips

export default {
  template: `
    <div class="player" :data-film="film.number" :data-frame="at" :data-made="made" :data-frames="film.times.length">
      <div class="stage" :class="{ waits }">
        <canvas ref="canvas" role="img" :aria-label="label" :style="{ '--aspect': aspect }"
          :class="{ picks: film.columns * film.rows > 1 }" @click="pick"></canvas>
      </div>
      <div class="bar">
        <q-btn flat round dense :icon="playing ? 'pause' : 'play_arrow'" :aria-label="playing ? 'pause' : 'play'"
          :disable="film.times.length < 2" @click="toggle" />
        <q-slider v-model="at" :min="0" :max="Math.max(1, film.times.length - 1)" :step="1" :disable="film.times.length < 2"
          aria-label="frame of the film" @update:model-value="seek" />
        <span class="time" aria-live="off">frame {{ at + 1 }} of {{ film.times.length }}, t = {{ time }}</span>
      </div>
    </div>`,
  data() {
    return {
      film: { number: 0, times: [], columns: 1, rows: 1, size: 1, fps: 25 },
      at: 0,
      made: 0,
      waits: true,
      playing: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    };
  },
  computed: {
    aspect() {
      return this.film.columns / this.film.rows;
    },
    time() {
      const t = this.film.times[this.at];
      return t === undefined ? "–" : String(Math.round(t * 1000) / 1000);
    },
    label() {
      return `frame ${this.at + 1} of the film`;
    },
  },
  created() {
    this.pieces = [];
    this.shown = null; // the film on the canvas, which stays until the next one has a frame
  },
  mounted() {
    this.last = performance.now();
    const step = (now) => {
      this.tick(now);
      this.request = requestAnimationFrame(step);
    };
    this.request = requestAnimationFrame(step);
    this.$emit("ready");
  },
  beforeUnmount() {
    cancelAnimationFrame(this.request);
  },
  methods: {
    begin(film) {
      this.next = { film, pieces: [], made: 0 };
      this.waits = true;
    },
    add(number, first, count) {
      const next = this.next;
      if (!next || next.film.number !== number) return; // of a film that nobody wants any more
      const picture = new Image();
      const piece = { first, count, picture };
      next.pieces.push(piece);
      picture.onload = () => {
        piece.ready = true;
        if (this.next !== next) return;
        if (this.shown !== next) this.show(next);
        next.made = 0;
        for (const each of next.pieces.sort((a, b) => a.first - b.first)) {
          if (!each.ready || each.first !== next.made) break;
          next.made += each.count;
        }
        this.made = next.made;
        this.draw();
      };
      picture.src = `films/${number}/pieces/${first}.png`;
    },
    show(next) {
      const kept = this.shown && this.shown.film.times.length === next.film.times.length;
      this.shown = next;
      this.pieces = next.pieces;
      this.film = next.film;
      this.waits = false;
      if (!kept) this.at = 0;
      const { columns, rows, size } = next.film;
      this.$refs.canvas.width = columns * size + (columns - 1) * GAP;
      this.$refs.canvas.height = rows * size + (rows - 1) * GAP;
    },
    tick(now) {
      const frame = 1000 / this.film.fps;
      if (!this.playing || this.film.times.length < 2 || this.made < 2) {
        this.last = now;
        return;
      }
      const steps = Math.floor((now - this.last) / frame);
      if (steps < 1) return;
      this.last += steps * frame;
      const goal = this.at + steps;
      if (goal < this.made) this.at = goal;
      else if (this.made === this.film.times.length) this.at = goal % this.made;
      else this.at = this.made - 1; // waits for what is being made
      this.draw();
    },
    seek() {
      this.playing = false;
      this.draw();
    },
    toggle() {
      this.playing = !this.playing;
    },
    shownFrame() {
      return this.at;
    },
    draw() {
      const piece = this.pieces.find((each) => each.ready && each.first <= this.at && this.at < each.first + each.count);
      if (!piece) return;
      const { columns, rows, size } = this.film;
      const context = this.$refs.canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++)
          context.drawImage(
            piece.picture,
            column * size,
            ((this.at - piece.first) * rows + row) * size,
            size,
            size,
            column * (size + GAP),
            row * (size + GAP),
            size,
            size,
          );
    },
    pick(event) {
      const { columns, rows } = this.film;
      if (columns * rows < 2) return;
      const box = this.$refs.canvas.getBoundingClientRect();
      const column = Math.min(columns - 1, Math.floor(((event.clientX - box.left) / box.width) * columns));
      const row = Math.min(rows - 1, Math.floor(((event.clientY - box.top) / box.height) * rows));
      this.$emit("pick", { column, row });
    },
  },
};
