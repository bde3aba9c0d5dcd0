/* The reader's own picture: read here, in the browser, and sent nowhere. */
"use strict";

explorer.Own = class {
  static LARGEST = 50; // MB: larger files would hold up the page
  static FLAT = 0.02; // of the range from black to white: less of it is nothing to see

  /** app: the page (explorer.js). */
  constructor(app) {
    this.app = app;
    this.picture = null; // { grey, there }: brightness in [0, 1], and where the picture has any
    this.image = null; // what the networks see
  }

  /** It among the images of the page, or nothing. */
  get images() {
    return this.image ? [{ image: this.image, name: "your own picture", own: true, many: true }] : [];
  }

  /** Take the first of some files, and show it taken apart; say why it cannot be done. */
  async take(files) {
    const [file] = files, { app } = this, quoted = `“${file?.name}”`;
    if (!file) return app.say("What was dropped holds no file: drop a picture that lies on your disk.");
    if (file.size > 1e6 * explorer.Own.LARGEST)
      return app.say(`${quoted} is larger than ${explorer.Own.LARGEST} MB: choose a smaller picture.`);
    let picture;
    try {
      picture = await explorer.Own.read(file);
    } catch {
      return app.say(`${quoted} cannot be read as a picture: choose a PNG, a JPEG, a GIF or a WebP.`);
    }
    const light = explorer.Own.median(picture) > 0.5, image = explorer.Own.ink(picture, light);
    if (!image) return app.say(`${quoted} is of one colour: choose a picture with something on it.`);
    Object.assign(this, { picture, image });
    app.part("inverted").checked = light;
    this.show(files.length > 1 ? " Of several files the first was taken." : "");
  }

  /** The same picture with dark and light exchanged, or back. */
  invert(light) {
    this.image = explorer.Own.ink(this.picture, light);
    this.show();
  }

  show(note = "") {
    const { app } = this, { state, scenes } = app;
    for (const key of scenes.keys()) if (key.endsWith(" own")) scenes.delete(key);
    app.part("inverted-label").hidden = false;
    Object.assign(state, { mode: "look", from: app.images().length - 1, to: 0, t: 0 });
    app.stage.buildStrips();
    app.change();
    const active = app.scene.shares().filter((share) => share >= explorer.ACTIVE).length, { plural, percent } = explorer.words;
    app.say(`Your picture in ${plural(active, "block")}; ${percent(app.scene.error())} of its energy is left over. `
      + `It stays in this browser.${note}`);
  }

  /** A file → { grey, there }, 128 × 128: the whole picture, as large as fits, in the middle. Rejects what is none. */
  static async read(file) {
    const { SIZE } = explorer, bitmap = await createImageBitmap(file), { width, height } = bitmap;
    const canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
    const context = canvas.getContext("2d"), scale = SIZE / Math.max(width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, (SIZE - scale * width) / 2, (SIZE - scale * height) / 2, scale * width, scale * height);
    bitmap.close();
    const { data } = context.getImageData(0, 0, SIZE, SIZE), pixel = (p, channel) => data[4 * p + channel] / 255;
    const grey = Float32Array.from({ length: SIZE ** 2 }, (_, p) =>
      0.2126 * pixel(p, 0) + 0.7152 * pixel(p, 1) + 0.0722 * pixel(p, 2));
    return { grey, there: Float32Array.from(grey, (_, p) => pixel(p, 3)) };
  }

  /** The brightness of most of a picture: its paper, or its night. */
  static median({ grey, there }) {
    const seen = grey.filter((_, p) => there[p] > 0.5).sort();
    return seen.length ? seen[seen.length >> 1] : 0;
  }

  /** Ink from 0, where the picture is as most of it, to 1; `light`: its paper is lighter than its ink. What is on the
   *  other side of the paper is negative. Null where there is nothing to see. */
  static ink({ grey, there }, light) {
    const sign = light ? -1 : 1, paper = explorer.Own.median({ grey, there });
    const ink = grey.map((value, p) => there[p] * sign * (value - paper));
    const above = ink.reduce((a, b) => Math.max(a, b), 0), below = ink.reduce((a, b) => Math.min(a, b), 0);
    const most = above >= explorer.Own.FLAT ? above : -below;
    return most < explorer.Own.FLAT ? null : ink.map((value) => Math.max(-1, value / most));
  }
};
