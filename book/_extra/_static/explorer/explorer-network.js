/* A trained network of the page, unpacked from the script that the build made of its weights. */
"use strict";

explorer.Network = class {
  /** The network `name`, whose script explorer-NAME.js is loaded when it is first asked for. */
  static async load(name) {
    if (!window.explorerData?.[name]) await explorer.loadScript(`explorer-${name}.js`);
    const { data, ...header } = window.explorerData[name];
    return new explorer.Network(header, await explorer.unpack(data));
  }

  /** header: what book/_ext/explorer_page.py wrote. bytes: the weights' high bytes, then their low bytes. */
  constructor(header, bytes) {
    Object.assign(this, header);
    const count = (shape) => shape.reduce((a, b) => a * b);
    const total = this.tensors.reduce((sum, [, shape]) => sum + count(shape), 0);
    this.layer = {}; // "g.mlp.0" → { weight, bias }
    let at = 0;
    for (const [name, shape] of this.tensors) {
      const values = new Float32Array(count(shape));
      for (let i = 0; i < values.length; i++, at++) values[i] = explorer.HALVES[(bytes[at] << 8) | bytes[total + at]];
      const [, layer, kind] = name.match(/(.*)\.(\w+)/);
      (this.layer[layer] ??= {})[kind] = values;
    }
    this.order ??= this.range.map((_, j) => j); // of the coordinates, on the page
    // where latents may go by hand: the cube, or what training images take and half as much beyond
    this.box = this.range.map(([low, high]) =>
      (this.latents === "bounded" ? [-1, 1] : [1.5 * low - 0.5 * high, 1.5 * high - 0.5 * low]));
  }

  /** Whether blocks come one after another, as long as something is left. */
  get pursues() {
    return this.encoder === "pursuit";
  }

  /** z (d0) → the atom g(z), an image. */
  g(z) {
    return explorer.decoders[this.decoder](this, z);
  }

  /** An image → the steps [{ z, atom }], one a block; only a pursuit takes another `k` than it was trained with. */
  encode(image, k = this.k) {
    return explorer.encoders[this.encoder](this, image, k);
  }
};

/** Load a script that lies beside this one. */
explorer.loadScript = (file) => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = new URL(file, explorer.BASE).href;
  script.onload = resolve;
  script.onerror = () => reject(new Error(`${file} is missing`));
  document.head.append(script);
});
explorer.BASE = document.currentScript.src;

/** Base64 of a gzip → bytes. */
explorer.unpack = async (data) => {
  const packed = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

/** What each float16, given by its 16 bits, is as a number. */
explorer.HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24);
});
