/* f_E: an image → latent blocks, by name of the encoder. The same names and the same order of operations as in
 * atomic_lib/model/encoders.py. Each gives the steps [{ z, atom }], one a block; a pursuit's also have the place
 * { centre } that was looked at and what was left then { residual }. */
"use strict";

explorer.encoders = (() => {
  const { leaky, linear, layerNorm, groupNorm, conv2d, blur } = explorer.layers;
  const bound = ({ latents }) => (latents === "bounded" ? 1 : Infinity);
  const asLatents = ({ latents }, raw) => (latents === "bounded" ? raw.map(Math.tanh) : leaky(raw));

  /** x + MLP(LayerNorm(x)). */
  function residual({ layer }, name, x) {
    const hidden = leaky(linear(layerNorm(x, layer[`${name}.net.0`]), layer[`${name}.net.1`]));
    const change = linear(hidden, layer[`${name}.net.3`]);
    return x.map((value, i) => value + change[i]);
  }

  // --- in one shot -------------------------------------------------------------------------------------------------

  /** The authors' own: four convolutions and two linear layers. */
  function reference(net, image) {
    const layer = (i) => net.layer[`encoder.net.${i}`];
    let seen = { x: image, side: net.size };
    for (const i of [0, 2, 4, 6]) {
      seen = conv2d(seen.x, seen.side, layer(i), 2);
      leaky(seen.x);
    }
    return split(net, linear(leaky(linear(seen.x, layer(9))), layer(11)));
  }

  /** The one-shot encoder of this book: normalised convolutions, then a residual MLP. */
  function oneShot(net, image) {
    const layer = (i) => net.layer[`encoder.net.${i}`];
    let seen = { x: image, side: net.size };
    for (const i of [0, 3, 6, 9]) {
      seen = conv2d(seen.x, seen.side, layer(i), 2);
      seen.x = leaky(groupNorm(seen.x, layer(i + 1)));
    }
    let x = linear(seen.x, layer(13));
    for (const i of [14, 15]) x = residual(net, `encoder.net.${i}`, x);
    return split(net, linear(layerNorm(x, layer(16)), layer(17)));
  }

  /** k·d0 numbers, or those of more slots → the blocks, and what they draw. */
  function split(net, raw) {
    const all = asLatents(net, raw);
    return Array.from({ length: all.length / net.d0 }, (_, i) => {
      const z = all.slice(i * net.d0, (i + 1) * net.d0);
      return { z, atom: net.g(z) };
    });
  }

  // --- competing slots ---------------------------------------------------------------------------------------------

  const rows = (table, act) => table.map(act); // a table: a list of vectors
  const plus = (a, b) => a.map((value, i) => value + b[i]);

  /** Slots (atomic_lib/model/slots.py): learned queries share out a map of features, the k brightest give the blocks. */
  function slots(net, image) {
    const layer = (name) => net.layer[`encoder.net.${name}`], width = layer("answer.0").weight.length;
    let seen = { x: image, side: net.size };
    for (let i = 0; layer(`look.${i}`); i += 2) {
      seen = conv2d(seen.x, seen.side, layer(`look.${i}`), layer(`look.${i + 2}`) ? 2 : 1);
      leaky(seen.x);
    }
    const { x, side } = seen, count = side * side;
    const waves = Array.from({ length: side }, (_, n) => wave((n + 0.5) / side));
    const places = Array.from({ length: count }, (_, t) => {
      const place = linear(Float32Array.from([...waves[Math.floor(t / side)], ...waves[t % side]]), layer("place"));
      return place.map((value, c) => value + x[c * count + t]);
    });
    const { queries } = net.layer["encoder.net"];
    let held = Array.from({ length: queries.length / width }, (_, s) => queries.slice(s * width, (s + 1) * width));
    for (let r = 0; layer(`rounds.${r}.ask`); r++) held = round(net, `encoder.net.rounds.${r}`, held, places);
    const raw = held.map((slot) => [...linear(layerNorm(slot, layer("answer.0")), layer("answer.1"))]);
    const blocks = split(net, Float32Array.from(raw.flat()));
    if (blocks.length === net.k) return blocks;
    const energy = new Map(blocks.map((block) => [block, block.atom.reduce((sum, value) => sum + value * value, 0)]));
    return blocks.sort((a, b) => energy.get(b) - energy.get(a)).slice(0, net.k);
  }

  /** A place in [0, 1] along an axis as sines and cosines at six octaves. */
  function wave(along) {
    const angles = [1, 2, 4, 8, 16, 32].map((octave) => Math.PI * octave * along);
    return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  }

  /** One round of the competition: the slots, further on. */
  function round(net, name, held, places) {
    const layer = (part) => net.layer[`${name}.${part}`];
    const normal = rows(places, (place) => layerNorm(place, layer("of_places")));
    const values = rows(normal, (place) => linear(place, layer("value")));
    const won = claims(rows(held, (slot) => linear(layerNorm(slot, layer("of_slots")), layer("ask"))),
      rows(normal, (place) => linear(place, layer("key"))));
    held = held.map((slot, s) => {
      const total = won[s].reduce((a, v) => a + v, 1e-6);
      return plus(slot, linear(mixed(values, won[s].map((v) => v / total)), layer("take")));
    });
    const heard = among(net, name, rows(held, (slot) => layerNorm(slot, layer("among"))));
    return held.map((slot, s) => [0, 1].reduce((y, i) => residual(net, `${name}.think.${i}`, y), plus(slot, heard[s])));
  }

  /** How much of each place is each slot's: a softmax over the slots, [slot][place]. */
  function claims(asked, keys) {
    const scale = 1 / Math.sqrt(keys[0].length), won = asked.map(() => new Float64Array(keys.length));
    keys.forEach((key, t) => {
      const shares = softmax(asked.map((ask) => scale * dot(ask, key)));
      shares.forEach((share, s) => (won[s][t] = share));
    });
    return won;
  }

  const dot = (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  };

  function softmax(values) {
    const most = Math.max(...values), powers = values.map((v) => Math.exp(v - most));
    const total = powers.reduce((a, v) => a + v);
    return powers.map((v) => v / total);
  }

  /** Σᵢ weightᵢ rowᵢ. */
  function mixed(table, weights) {
    const sum = new Float64Array(table[0].length);
    table.forEach((row, i) => {
      for (let c = 0; c < sum.length; c++) sum[c] += weights[i] * row[c];
    });
    return Float32Array.from(sum);
  }

  /** Self-attention of four heads. */
  function among(net, name, held, heads = 4) {
    const { in_proj_weight, in_proj_bias } = net.layer[`${name}.attend`], width = held[0].length, each = width / heads;
    const [q, k, v] = [0, 1, 2].map((n) => rows(held, (slot) => linear(slot, {
      weight: in_proj_weight.subarray(n * width * width, (n + 1) * width * width),
      bias: in_proj_bias.subarray(n * width, (n + 1) * width),
    })));
    return held.map((_, s) => {
      const heard = new Float32Array(width);
      for (let h = 0; h < heads; h++) {
        const part = (row) => row.subarray(h * each, (h + 1) * each);
        const shares = softmax(k.map((key) => dot(part(q[s]), part(key)) / Math.sqrt(each)));
        heard.set(mixed(v.map(part), shares), h * each);
      }
      return linear(heard, net.layer[`${name}.attend.out_proj`]);
    });
  }

  // --- the pursuit -------------------------------------------------------------------------------------------------

  const energy = (image) => image.reduce((sum, value) => sum + value * value, 0);

  /** The pursuit's steps, corrected; then, as long as that leaves less, without the block that is missed least. */
  function pursuit(net, image, k = net.k) {
    const steps = [...pursue(net, image, k)];
    if (!steps.length || !net.again) return steps;
    let best = corrected(net, image, { steps, left: steps.at(-1).residual }, net.again);
    for (;;) {
      const fewer = corrected(net, image, withoutLeast(image, best), 2 * net.again);
      if (!(energy(fewer.left) < energy(best.left))) return best.steps;
      best = fewer;
    }
  }

  /** Steps with all their blocks corrected at once, so many times, as they were when least was left; and what that is.
   *  It ends where two corrections leave not even 1 % less: one alone may overshoot. */
  function corrected(net, image, found, times) {
    let best = found, least = energy(found.left), before = least;
    for (let n = 0; n < times; n++) {
      const steps = found.steps.map((step) => {
        const z = correct(net, found.left, step);
        return { ...step, z, atom: net.g(z) };
      });
      found = { steps, left: without(image, steps) };
      if (energy(found.left) < least) [best, least] = [found, energy(found.left)];
      if (n % 2 && !(least < 0.99 * before)) break;
      if (n % 2) before = least;
    }
    return best;
  }

  /** What is left of an image without the atoms of steps. */
  function without(image, steps) {
    const left = image.slice();
    for (const { atom } of steps) for (let p = 0; p < left.length; p++) left[p] -= atom[p];
    return left;
  }

  /** The steps but the one without which least would be left, and what is left then. */
  function withoutLeast(image, { steps, left }) {
    const missed = steps.map(({ atom }) => energy(left.map((value, p) => value + atom[p])));
    const fewer = steps.filter((_, i) => missed[i] > Math.min(...missed));
    return { steps: fewer, left: without(image, fewer) };
  }

  /** zᵢ = E(rᵢ₋₁), rᵢ = rᵢ₋₁ − g(zᵢ): yield each step, until nothing is left that stands out, or k blocks are. A block
   *  that would make what is left larger is refused, and its place is not looked at again. */
  function* pursue(net, image, k) {
    const closed = new Uint8Array(image.length), threshold = stopsAt(net, image);
    let left = image;
    for (let i = 0; i < k; i++) {
      const { peak, centre } = highest(net, left, closed);
      if (!(peak > threshold)) return;
      const z = block(net, left, centre), atom = net.g(z), before = left;
      const after = left.map((value, p) => value - atom[p]);
      if (energy(after) >= energy(before)) close(net, closed, centre);
      else {
        left = after;
        yield { z, atom, residual: left, centre };
      }
    }
  }

  /** What the blurred residual's peak must exceed: `stop` or, in noisier images, five times the noise the blur leaves. */
  const stopsAt = ({ stop, smooth, size }, image) => Math.max(stop, (5 * noiseLevel(image, size)) / (2 * Math.sqrt(Math.PI) * smooth));

  /** Standard deviation of the white noise in an image, from how pixels differ from their neighbours (Immerkær 1996). */
  function noiseLevel(image, size) {
    const rough = [], mask = [1, -2, 1];
    for (let r = 1; r < size - 1; r++)
      for (let q = 1; q < size - 1; q++) {
        let sum = 0;
        for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) sum += mask[i] * mask[j] * image[(r + i - 1) * size + q + j - 1];
        rough.push(Math.abs(sum));
      }
    return Float32Array.from(rough).sort()[(rough.length - 1) >> 1] / (6 * 0.6745);
  }

  /** Close the places within the blur's reach, 3σ, of a place. */
  function close({ size, smooth }, closed, [row, column]) {
    const reach = (3 * smooth) ** 2;
    for (let p = 0; p < closed.length; p++)
      if ((Math.floor(p / size) - row) ** 2 + ((p % size) - column) ** 2 <= reach) closed[p] = 1;
  }

  /** E: what is left of an image, and the place [row, column] to look at → a latent block. */
  function block(net, left, centre) {
    const { layer } = net;
    let seen = { x: crop(net, left, centre), side: net.window };
    net.strides.forEach((stride, i) => {
      seen = conv2d(seen.x, seen.side, layer[`encoder.look.${2 * i}`], stride);
      leaky(seen.x);
    });
    const place = linear(positionCode(net, centre), layer["encoder.place"]);
    let x = linear(seen.x, layer["encoder.look.7"]).map((value, i) => value + place[i]);
    for (const i of [0, 1]) x = residual(net, `encoder.describe.${i}`, x);
    return asLatents(net, linear(layerNorm(x, layer["encoder.describe.2"]), layer["encoder.describe.3"]));
  }

  /** A second look at a block, at its place in what all of them leave: z + A(z, place) · c. */
  function correct(net, left, { z, centre }) {
    const layer = (name) => net.layer[`encoder.correction.${name}`];
    const seen = linear(crop(net, left, centre), layer("seen"));
    const hidden = leaky(linear(Float32Array.from([...z, ...positionCode(net, centre)]), layer("gain.0")));
    const gain = linear(leaky(linear(hidden, layer("gain.2"))), layer("gain.4"));
    return z.map((value, j) => {
      const change = seen.reduce((sum, c, i) => sum + gain[j * seen.length + i] * c, 0);
      return Math.max(-bound(net), Math.min(bound(net), value + 0.1 * change));
    });
  }

  /** Height and place of the blurred residual's maximum, but for closed places: where the encoder looks next. */
  function highest({ size, smooth }, left, closed = null) {
    const blurred = blur(left, size, smooth);
    let place = -1;
    for (let p = 0; p < blurred.length; p++) if (!closed?.[p] && (place < 0 || blurred[p] > blurred[place])) place = p;
    return { peak: place < 0 ? -Infinity : blurred[place], centre: [Math.floor(place / size), place % size] };
  }

  /** The window around a place, zero outside the image. */
  function crop({ window: side, size }, image, [row, column]) {
    const half = Math.floor(side / 2), out = new Float32Array(side * side);
    for (let r = 0; r < side; r++)
      for (let q = 0; q < side; q++) {
        const y = row - half + r, x = column - half + q;
        if (y >= 0 && y < size && x >= 0 && x < size) out[r * side + q] = image[y * size + x];
      }
    return out;
  }

  /** A place as 18 numbers: itself in [−1, 1], its sines and cosines at four octaves. */
  function positionCode({ size }, centre) {
    const place = centre.map((c) => c / size);
    const angles = [1, 2, 4, 8].flatMap((octave) => place.map((c) => Math.PI * octave * c));
    return Float32Array.from([...place.map((c) => 2 * c - 1), ...angles.map(Math.sin), ...angles.map(Math.cos)]);
  }

  /** Blocks that might draw an atom seen alone: where a fit to it may begin. */
  const guesses = (net, target) => (net.encoder === "pursuit"
    ? [block(net, target, highest(net, target).centre)] : net.encode(target).map(({ z }) => z));

  return { reference, "one-shot": oneShot, slots, pursuit, guesses };
})();
