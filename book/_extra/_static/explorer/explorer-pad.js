/* What the reader draws on the picture: a digit by pen strokes, or spikes that are dropped and carried about. */
"use strict";

explorer.Pad = class {
  /** changed(): called when there is something new to decompose; full(): when no more spikes may be dropped. */
  constructor({ changed, full, drawing }) {
    Object.assign(this, { changed, full, drawing });
    this.strokes = []; // of a digit: lists of [row, column]
    this.spikes = []; // [[amplitude, row, column], …]
    this.place = [64, 64]; // of the cursor that keys move
    this.stroke = null; // the one being drawn
    this.held = -1; // the spike that a pointer, or the keys, carry
    this.height = 1;
    this.noise = 0;
    this.trail = []; // where a spike was carried: [{ row, column, colour }, …]
  }

  get empty() {
    return !(this.dropping ? this.spikes : this.strokes).length;
  }

  /** Draw for these images from now on: "digits" or "spikes". */
  use(data) {
    this.dropping = data === "spikes";
    this.set = explorerIndex.images[data];
    this.stroke = null;
    this.held = -1;
    this.trail = [];
  }

  /** The drawing as an image. */
  image() {
    if (!this.dropping) return explorer.pen.draw(this.strokes, explorer.SIZE);
    const image = explorer.images.spikes(this.spikes, this.set.sigma);
    if (!this.noise) return image;
    this.white ??= explorer.images.noise();
    return image.map((value, p) => value + this.noise * this.white[p]);
  }

  /** Scale and place a digit as those of the training are. */
  centre() {
    if (!this.dropping && this.strokes.length) this.strokes = explorer.pen.centred(this.strokes, explorer.SIZE);
  }

  undo() {
    (this.dropping ? this.spikes : this.strokes).pop();
    this.end();
    this.changed();
  }

  clear() {
    (this.dropping ? this.spikes : this.strokes).length = 0;
    this.end();
    this.changed();
  }

  /** The least distance of two spikes, px. */
  closest() {
    let least = Infinity;
    this.spikes.forEach(([, r, q], i) => this.spikes.slice(0, i).forEach(([, y, x]) => {
      least = Math.min(least, Math.hypot(r - y, q - x));
    }));
    return least;
  }

  // --- what a pointer or a key does --------------------------------------------------------------------------------

  /** Press at a place: take the spike within `reach` px, or drop one there; or put the pen down. */
  begin(place, reach = 6) {
    this.place = place;
    this.trail = [];
    if (!this.dropping) {
      this.stroke = [place];
      this.strokes.push(this.stroke);
      this.ink = this.image();
      return this.drawing();
    }
    const far = this.spikes.map(([, r, q]) => Math.hypot(r - place[0], q - place[1])), least = Math.min(...far);
    if (least <= reach) {
      this.held = far.indexOf(least);
      return this.drawing();
    }
    if (this.spikes.length >= explorer.MOST_SPIKES) return this.full();
    this.spikes.push([this.height, ...this.inside(place)]);
    this.held = this.spikes.length - 1;
    this.changed();
  }

  /** Go on to a place. */
  extend(place) {
    this.place = place;
    if (this.held >= 0) {
      this.spikes[this.held] = [this.spikes[this.held][0], ...this.inside(place)];
      return;
    }
    const last = this.stroke?.at(-1);
    if (!last || Math.hypot(place[0] - last[0], place[1] - last[1]) < 1) return;
    this.stroke.push(place);
    explorer.pen.segment(this.ink, explorer.SIZE, last, place);
  }

  end() {
    this.stroke = null;
    this.held = -1;
  }

  /** As far from the border as spikes of the training are. */
  inside(place) {
    const { border } = this.set;
    return place.map((v) => Math.max(border, Math.min(explorer.SIZE - 1 - border, v)));
  }
};

explorer.MOST_SPIKES = 15; // half as many again as in training

/** Where an event is on a canvas that shows the image: [row, column], held inside. */
explorer.placeIn = (canvas, event) => {
  const { SIZE } = explorer, box = canvas.getBoundingClientRect(), limit = (v) => Math.max(0, Math.min(SIZE - 1, v));
  const scale = (offset, length) => limit((offset / Math.max(length, 1)) * SIZE - 0.5);
  return [scale(event.clientY - box.top, box.height), scale(event.clientX - box.left, box.width)];
};
