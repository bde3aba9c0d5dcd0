/* The few layers that the shipped networks are made of, on plain Float32Arrays.
 *
 * Why not a library: those that run networks in a browser weigh megabytes and fetch WebAssembly, which a page opened
 * from disk may not do. These are two hundred lines. Sums are taken in double precision and stored in single, so that
 * they differ from PyTorch's by its rounding only; tests/pages/test_explorer_network.py compares the two. */
"use strict";
window.explorer = {}; // of its own: without one, the element of that name would be it

explorer.layers = (() => {
  const leaky = (x, slope = 0.2) => {
    for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] *= slope;
    return x;
  };

  function linear(x, { weight, bias = new Float32Array(weight.length / x.length) }) {
    const out = new Float32Array(bias.length), fours = x.length - (x.length % 4);
    for (let o = 0, w = 0; o < out.length; o++) {
      let a = bias[o], b = 0, c = 0, d = 0, i = 0; // four sums that need not wait for each other
      for (; i < fours; i += 4, w += 4) {
        a += weight[w] * x[i];
        b += weight[w + 1] * x[i + 1];
        c += weight[w + 2] * x[i + 2];
        d += weight[w + 3] * x[i + 3];
      }
      for (; i < x.length; i++, w++) a += weight[w] * x[i];
      out[o] = a + b + c + d;
    }
    return out;
  }

  function layerNorm(x, { weight, bias }) {
    let mean = 0, variance = 0;
    for (const v of x) mean += v / x.length;
    for (const v of x) variance += (v - mean) ** 2 / x.length;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    return x.map((v, i) => (v - mean) * scale * weight[i] + bias[i]);
  }

  /** Normalised over groups of channels and all their pixels: x (channels × pixels). */
  function groupNorm(x, { weight, bias }, groups = 4) {
    const channels = weight.length, pixels = x.length / channels, each = x.length / groups;
    const out = new Float32Array(x.length);
    for (let from = 0; from < x.length; from += each) {
      let mean = 0, variance = 0;
      for (let i = from; i < from + each; i++) mean += x[i] / each;
      for (let i = from; i < from + each; i++) variance += (x[i] - mean) ** 2 / each;
      const scale = 1 / Math.sqrt(variance + 1e-5);
      for (let i = from; i < from + each; i++) {
        const c = Math.floor(i / pixels);
        out[i] = (x[i] - mean) * scale * weight[c] + bias[c];
      }
    }
    return out;
  }

  /** Channels of a square image, each with `edge` zeros around it. */
  function frame(x, side, edge) {
    const wide = side + 2 * edge, channels = x.length / side ** 2, padded = new Float32Array(channels * wide * wide);
    for (let c = 0; c < channels; c++)
      for (let r = 0; r < side; r++)
        padded.set(x.subarray((c * side + r) * side, (c * side + r + 1) * side), (c * wide + r + edge) * wide + edge);
    return padded;
  }

  /** 3 × 3 or 5 × 5 convolution of a square image of any channels, zeros outside, each `stride` pixels: { x, side }. */
  function conv2d(x, side, { weight, bias }, stride) {
    const outputs = bias.length, inputs = x.length / side ** 2, taps = Math.sqrt(weight.length / (outputs * inputs));
    const edge = (taps - 1) / 2, wide = side + 2 * edge, padded = frame(x, side, edge);
    const small = Math.floor((side - 1) / stride) + 1, add = taps === 3 ? add3x3 : add5x5;
    const out = new Float32Array(outputs * small * small), sum = new Float64Array(small * small);
    for (let o = 0; o < outputs; o++) {
      sum.fill(bias[o]);
      for (let c = 0; c < inputs; c++)
        add(sum, small, stride, padded, wide, c * wide * wide, weight, (o * inputs + c) * taps * taps, taps);
      out.set(sum, o * small * small);
    }
    return { x: out, side: small };
  }

  /** One channel under one kernel, added to `sum`; p and w: where the channel and the kernel begin. */
  function add5x5(sum, small, stride, padded, wide, p, weight, w) {
    for (let i = 0; i < 5; i++, w += 5) {
      const a = weight[w], b = weight[w + 1], c = weight[w + 2], d = weight[w + 3], e = weight[w + 4];
      for (let r = 0, at = 0; r < small; r++)
        for (let q = 0, u = p + (r * stride + i) * wide; q < small; q++, u += stride, at++)
          sum[at] += a * padded[u] + b * padded[u + 1] + c * padded[u + 2] + d * padded[u + 3] + e * padded[u + 4];
    }
  }

  function add3x3(sum, small, stride, padded, wide, p, weight, w) {
    const a = weight[w], b = weight[w + 1], c = weight[w + 2], d = weight[w + 3], e = weight[w + 4];
    const f = weight[w + 5], g = weight[w + 6], h = weight[w + 7], i = weight[w + 8];
    for (let r = 0, at = 0; r < small; r++)
      for (let q = 0, u = p + r * stride * wide; q < small; q++, u += stride, at++) {
        const v = u + wide, x = v + wide;
        sum[at] += a * padded[u] + b * padded[u + 1] + c * padded[u + 2] + d * padded[v] + e * padded[v + 1]
          + f * padded[v + 2] + g * padded[x] + h * padded[x + 1] + i * padded[x + 2];
      }
  }

  /** 3 × 3 convolution of an image in which every pixel is taken as 2 × 2, "nearest ×2": { x, side }. */
  function upsampledConv2d(x, side, { weight, bias }) {
    const outputs = bias.length, inputs = x.length / side ** 2, wide = side + 2, padded = frame(x, side, 1);
    const double = 2 * side, out = new Float32Array(outputs * double * double), sum = new Float64Array(double * double);
    for (let o = 0; o < outputs; o++) {
      sum.fill(bias[o]);
      for (let c = 0; c < inputs; c++)
        addUpsampled(sum, side, padded, c * wide * wide, weight, (o * inputs + c) * 9);
      out.set(sum, o * double * double);
    }
    return { x: out, side: double };
  }

  /** One channel under one kernel. Each quarter of the results, even or odd by row and by column, sees 2 × 2
   *  of the pixels only, under sums of the taps. */
  function addUpsampled(sum, side, padded, p, weight, w) {
    const [a, b, c, d, e, f, g, h, i] = weight.subarray(w, w + 9), wide = side + 2, double = 2 * side;
    const bc = b + c, dg = d + g, ab = a + b, fi = f + i, ad = a + d, hi = h + i, cf = c + f, gh = g + h;
    const ee = e + f + hi, eo = d + e + gh, oe = bc + e + f, oo = ab + d + e;
    for (let r = 0; r < side; r++) {
      let u = p + r * wide + 1, v = u + wide, x = v + wide; // three rows of pixels, each kept three wide
      let u0 = padded[u - 1], u1 = padded[u], v0 = padded[v - 1], v1 = padded[v], x0 = padded[x - 1], x1 = padded[x];
      for (let q = 0, even = 2 * r * double, odd = even + double; q < side; q++, even += 2, odd += 2) {
        const u2 = padded[++u], v2 = padded[++v], x2 = padded[++x];
        sum[even] += a * u0 + bc * u1 + dg * v0 + ee * v1;
        sum[even + 1] += ab * u1 + c * u2 + eo * v1 + fi * v2;
        sum[odd] += ad * v0 + oe * v1 + g * x0 + hi * x1;
        sum[odd + 1] += oo * v1 + cf * v2 + gh * x1 + i * x2;
        u0 = u1; u1 = u2; v0 = v1; v1 = v2; x0 = x1; x1 = x2;
      }
    }
  }

  /** Channels of a line, each with `edge` zeros at either end. */
  function pad(x, channels, edge) {
    const length = x.length / channels, padded = new Float32Array(channels * (length + 2 * edge));
    for (let c = 0; c < channels; c++)
      padded.set(x.subarray(c * length, (c + 1) * length), c * (length + 2 * edge) + edge);
    return padded;
  }

  /** Convolution by 5 taps along a line, padded by 2. */
  function conv1d(x, { weight, bias }) {
    const outputs = bias.length, inputs = weight.length / (5 * outputs), length = x.length / inputs;
    const padded = pad(x, inputs, 2), out = new Float32Array(outputs * length), sum = new Float64Array(length);
    for (let o = 0; o < outputs; o++) {
      sum.fill(bias[o]);
      for (let c = 0; c < inputs; c++) {
        const w = (o * inputs + c) * 5, from = c * (length + 4);
        const w0 = weight[w], w1 = weight[w + 1], w2 = weight[w + 2], w3 = weight[w + 3], w4 = weight[w + 4];
        for (let i = 0, p = from; i < length; i++, p++)
          sum[i] += w0 * padded[p] + w1 * padded[p + 1] + w2 * padded[p + 2] + w3 * padded[p + 3] + w4 * padded[p + 4];
      }
      out.set(sum, o * length);
    }
    return out;
  }

  /** `conv1d` of every value taken twice, "nearest ×2". Of the 5 taps two pairs then meet the same value, and
   *  not the same pairs for the even results as for the odd ones: 3 taps each do. */
  function upsampledConv1d(x, { weight, bias }) {
    const outputs = bias.length, inputs = weight.length / (5 * outputs), length = x.length / inputs;
    const padded = pad(x, inputs, 1), out = new Float32Array(2 * outputs * length);
    const even = new Float64Array(length), odd = new Float64Array(length);
    for (let o = 0; o < outputs; o++) {
      even.fill(bias[o]);
      odd.fill(bias[o]);
      for (let c = 0; c < inputs; c++) {
        const w = (o * inputs + c) * 5;
        const e0 = weight[w] + weight[w + 1], e1 = weight[w + 2] + weight[w + 3], e2 = weight[w + 4];
        const o0 = weight[w], o1 = weight[w + 1] + weight[w + 2], o2 = weight[w + 3] + weight[w + 4];
        let before = 0, here = padded[c * (length + 2) + 1];
        for (let i = 0, p = c * (length + 2) + 2; i < length; i++, p++) {
          const after = padded[p];
          even[i] += e0 * before + e1 * here + e2 * after;
          odd[i] += o0 * before + o1 * here + o2 * after;
          before = here;
          here = after;
        }
      }
      for (let i = 0, p = 2 * o * length; i < length; i++) {
        out[p++] = even[i];
        out[p++] = odd[i];
      }
    }
    return out;
  }

  /** Gaussian blur of an N × N image by `sigma` px, cut at 3σ, zero outside: along the rows, then the columns. */
  function blur(image, size, sigma) {
    const reach = Math.ceil(3 * sigma), taps = [];
    for (let t = -reach; t <= reach; t++) taps.push(Math.exp(-(t * t) / (2 * sigma * sigma)));
    const total = taps.reduce((a, b) => a + b);
    const along = (x) => { // and transposed, so that twice is both axes
      const out = new Float32Array(x.length);
      for (let r = 0; r < size; r++)
        for (let q = 0; q < size; q++) {
          let sum = 0;
          for (let t = Math.max(-reach, -q); t <= Math.min(reach, size - 1 - q); t++)
            sum += taps[t + reach] * x[r * size + q + t];
          out[q * size + r] = sum / total;
        }
      return out;
    };
    return along(along(image));
  }

  return { leaky, linear, layerNorm, groupNorm, conv2d, upsampledConv2d, conv1d, upsampledConv1d, blur };
})();
