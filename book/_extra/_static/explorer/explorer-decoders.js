/* g: one latent block → one atom, by name of the decoder. The same names and the same order of operations as in
 * atomic_lib/model/decoders.py; an image is a Float32Array of N·N values. */
"use strict";

explorer.decoders = (() => {
  const { leaky, linear, conv2d, upsampledConv2d, conv1d, upsampledConv1d } = explorer.layers;

  /** The authors' own: linear layers to 8 × 2 × 2, then stages of conv, nearest ×2, conv. */
  function reference({ layer }, z) {
    let seen = { x: leaky(linear(leaky(linear(z, layer["g.linear.0"])), layer["g.linear.2"])), side: 2 };
    for (let i = 0; layer[`g.stages.${i}.0`]; i++) {
      seen = conv2d(seen.x, seen.side, layer[`g.stages.${i}.0`], 1);
      leaky(seen.x);
      seen = upsampledConv2d(seen.x, seen.side, layer[`g.stages.${i}.1`]);
      leaky(seen.x);
    }
    return seen.x;
  }

  /** g(z) = Σ_r u_r(z) v_r(z)ᵀ. */
  function separable(net, z) {
    const [u, v] = bothProfiles(net, z);
    return products(u, v, net.size);
  }

  /** Maps of a few products each, at half the size, every pixel of which is painted as 2 × 2. */
  function stroke(net, z) {
    const [u, v] = bothProfiles(net, z), { size, maps, layer } = net, half = size / 2, each = u.length / maps;
    const x = new Float32Array(maps * half * half);
    for (let c = 0; c < maps; c++) {
      const [rows, columns] = [u, v].map((all) => all.subarray(c * each, (c + 1) * each));
      x.set(products(rows, columns, half).map((value) => value - layer.g.threshold[c]), c * half * half);
    }
    const painted = conv2d(leaky(x), half, layer["g.paint"], 1).x, atom = new Float32Array(size * size);
    for (let r = 0; r < size; r++)
      for (let q = 0; q < size; q++)
        atom[r * size + q] = painted[((2 * (r % 2) + (q % 2)) * half + (r >> 1)) * half + (q >> 1)];
    return leaky(atom, net.slope);
  }

  /** Profiles along the rows and along the columns, one after another. */
  function bothProfiles({ layer }, z) {
    const features = leaky(linear(leaky(linear(z, layer["g.mlp.0"])), layer["g.mlp.2"]));
    return ["g.rows", "g.columns"].map((stack) => {
      let x = leaky(linear(features, layer[`${stack}.0`])), i = 4;
      for (; layer[`${stack}.${i}`]; i += 3) x = leaky(upsampledConv1d(x, layer[`${stack}.${i}`]));
      return conv1d(x, layer[`${stack}.${i - 1}`]);
    });
  }

  /** Σ_r u_r v_rᵀ of profiles of `side` values each: an image. */
  function products(u, v, side) {
    const image = new Float32Array(side * side), line = new Float64Array(side);
    for (let r = 0; r < side; r++) {
      line.fill(0);
      for (let i = 0; i < u.length; i += side) {
        const height = u[i + r];
        for (let q = 0; q < side; q++) line[q] += height * v[i + q];
      }
      image.set(line, r * side);
    }
    return image;
  }

  return { reference, separable, stroke };
})();
