// Kernel: what a page computes of a network and of results. No page, no state outside, no library.

/** @typedef {Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array} Values */
/** @typedef {{shape: number[], values: Values}} Labelled */
/** @typedef {{name: string, words: string, ranges_hz: (number | null)[][], bins: number[][]}} Band */
/** What a page carries, unpacked: its header, and the arrays by name.
 * @typedef {Record<string, any> & {arrays: Record<string, Labelled>, bands: Band[], sfreq_hz: number}} Contents */
/** Changes: cut-offs in Hz by filter, and numbers of what is muted.
 * @typedef {{cutoffs: Map<number, [number, number]>, mutedFilters: Set<number>, mutedBands: Set<number>,
 *   mutedChannels: Set<number>}} Edits */
/** What the network says with them: scores (trial, class), decisions, confusion (true, predicted), and which trials are
 * decided otherwise than without changes. Null: the classes are not known.
 * @typedef {{scores: Float64Array, predicted: Int32Array, accuracy: number | null, ci_low: number | null,
 *   ci_high: number | null, confusion: Int32Array | null, changed: number[]}} Outcome */
/** An axis of relevance: its values, and round numbers between them, at which Python cuts it; a range of it, the end excluded.
 * @typedef {{dim: "frequency" | "time", at: number[], cuts: number[]}} Axis @typedef {[number, number | null] | null} Range */
/** Which array is summed, and from which to which number on each of its axes.
 * @typedef {{name: string, axes: Axis[], ranges: number[][]}} Chosen */

/** @type {Record<string, any>} */
const ARRAY_TYPES = { f4: Float32Array, i4: Int32Array, i2: Int16Array, i1: Int8Array, u1: Uint8Array };

/** Returns the header and the arrays of a page.
 * @param {{header: any, blob: string}} payload @returns {Promise<Contents>} */
export async function unpack({ header, blob }) {
  const text = atob(blob), packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const bytes = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const arrays = /** @type {Record<string, Labelled>} */ ({});
  for (const [name, { dtype, shape, offset, coding }] of Object.entries(header.arrays)) {
    const size = shape.reduce((/** @type {number} */ product, /** @type {number} */ n) => product * n, 1);
    const stored = coding ? new Uint8Array(bytes, offset, 2 * size) : new ARRAY_TYPES[dtype](bytes, offset, size);
    arrays[name] = { shape, values: coding === "steps" ? summedSteps(stored, shape.at(-1)) : stored };
  }
  return { ...header, arrays };
}

/** Returns integers of which steps along the last axis are stored, lower bytes first.
 * @param {Uint8Array} planes @param {number} width */
function summedSteps(planes, width) {
  const values = new Int16Array(planes.length / 2);
  for (let i = 0; i < values.length; i++) {
    const zigzag = planes[i] | (planes[values.length + i] << 8);
    values[i] = (i % width ? values[i - 1] : 0) + ((zigzag >> 1) ^ -(zigzag & 1));
  }
  return values;
}

/** Returns a Fourier transform in place, exp(-2πi jk / n). Given the imaginary part first, it transforms back, times n.
 * @param {number} n @returns {(re: Float64Array, im: Float64Array) => void} */
function fourierTransform(n) {
  const radices = /** @type {number[]} */ ([]);
  let rest = n;
  for (const r of [4, 2, 3, 5, 7, 11, 13]) for (; rest % r === 0; rest /= r) radices.push(r);
  if (rest > 1) return chirpTransform(n);
  const cos = Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * i) / n));
  const sin = Float64Array.from({ length: n }, (_, i) => Math.sin((2 * Math.PI * i) / n));
  const spareRe = new Float64Array(n), spareIm = new Float64Array(n);
  // By radix r: cosine and sine of 2π jl / r.
  const turns = Array.from({ length: 14 }, (_, r) => Float64Array.from({ length: 2 * r * r }, (_, i) => {
    const angle = (2 * Math.PI * (((i >> 1) % r) * Math.floor((i >> 1) / r))) / r;
    return i % 2 ? Math.sin(angle) : Math.cos(angle);
  }));
  return (re, im) => {
    /** @type {Float64Array[]} */
    let [xr, xi, yr, yi] = [re, im, spareRe, spareIm];
    let m = n, s = 1;
    for (const r of radices) {
      m /= r;
      const step = s * m;
      for (let p = 0; p < m; p++) for (let q = 0, w = p * s, i = w, o = r * w; q < s; q++, i++, o++) {
        if (r === 4) {
          const j = i + step, k = j + step, l = k + step;
          const ar = xr[i] + xr[k], ai = xi[i] + xi[k], br = xr[i] - xr[k], bi = xi[i] - xi[k];
          const cr = xr[j] + xr[l], ci = xi[j] + xi[l], dr = xi[j] - xi[l], di = xr[l] - xr[j];
          yr[o] = ar + cr; yi[o] = ai + ci;
          const er = br + dr, ei = bi + di, fr = ar - cr, fi = ai - ci, gr = br - dr, gi = bi - di;
          yr[o + s] = er * cos[w] + ei * sin[w]; yi[o + s] = ei * cos[w] - er * sin[w];
          yr[o + 2 * s] = fr * cos[2 * w] + fi * sin[2 * w]; yi[o + 2 * s] = fi * cos[2 * w] - fr * sin[2 * w];
          yr[o + 3 * s] = gr * cos[3 * w] + gi * sin[3 * w]; yi[o + 3 * s] = gi * cos[3 * w] - gr * sin[3 * w];
        } else for (let j = 0, turn = turns[r]; j < r; j++) {
          let sr = xr[i], si = xi[i];
          for (let l = 1, a = 2 * j * r + 2, b = i + step; l < r; l++, a += 2, b += step) {
            sr += xr[b] * turn[a] + xi[b] * turn[a + 1]; si += xi[b] * turn[a] - xr[b] * turn[a + 1];
          }
          yr[o + j * s] = sr * cos[j * w] + si * sin[j * w]; yi[o + j * s] = si * cos[j * w] - sr * sin[j * w];
        }
      }
      [xr, xi, yr, yi] = [yr, yi, xr, xi];
      s *= r;
    }
    if (xr !== re) { re.set(xr); im.set(xi); }
  };
}

/** Returns the same for a length with a large prime factor, by two transforms of one without (Bluestein).
 * @param {number} n @returns {(re: Float64Array, im: Float64Array) => void} */
function chirpTransform(n) {
  let size = 2 * n - 1;
  for (let rest = 0; rest !== 1; size += Number(rest !== 1)) {
    rest = size;
    for (const r of [2, 3, 5]) while (rest % r === 0) rest /= r;
  }
  const transform = fourierTransform(size);
  const angles = Float64Array.from({ length: n }, (_, i) => (Math.PI * ((i * i) % (2 * n))) / n);
  const cos = angles.map(Math.cos), sin = angles.map(Math.sin);
  const [cr, ci, br, bi] = Array.from({ length: 4 }, () => new Float64Array(size));
  for (let i = 0; i < n; i++) { cr[i] = cr[(size - i) % size] = cos[i]; ci[i] = ci[(size - i) % size] = sin[i]; }
  transform(cr, ci);
  return (re, im) => {
    br.fill(0); bi.fill(0);
    for (let i = 0; i < n; i++) { br[i] = re[i] * cos[i] + im[i] * sin[i]; bi[i] = im[i] * cos[i] - re[i] * sin[i]; }
    transform(br, bi);
    for (let i = 0; i < size; i++) [br[i], bi[i]] = [br[i] * cr[i] - bi[i] * ci[i], br[i] * ci[i] + bi[i] * cr[i]];
    transform(bi, br);
    for (let i = 0; i < n; i++) {
      re[i] = (br[i] * cos[i] + bi[i] * sin[i]) / size; im[i] = (bi[i] * cos[i] - br[i] * sin[i]) / size;
    }
  };
}

/** @type {Record<string, (x: number, alpha: number) => number>} */
const ACTIVATIONS = {
  elu: (x, alpha) => (x < 0 ? alpha * (Math.exp(x) - 1) : x),
  leaky_relu: (x, alpha) => (x < 0 ? alpha * x : x),
  softplus: (x) => (x > 20 ? x : Math.log1p(Math.exp(x))),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)), silu: (x) => x / (1 + Math.exp(-x)),
  tanh: (x) => Math.tanh(x), square: (x) => x * x,
};

/** The network: scores of the shown trials, anew after every change of it or of what it is given. */
export class Network {
  /** @param {Contents} data */
  constructor(data) {
    const { arrays } = this.data = data;
    const [nTrials, nChans, nTimes] = arrays.signals.shape, [nFilters, depth] = arrays.spatial_weights.shape;
    this.nTrials = nTrials; this.nChans = nChans; this.nTimes = nTimes; this.nFilters = nFilters; this.depth = depth;
    this.nUnits = nFilters * depth; this.nTaps = arrays.kernels.shape[1]; this.nClasses = data.class_names.length;
    this.nOut = nTimes + data.pad[0] + data.pad[1] - this.nTaps + 1;
    this.nBins = (nTimes >> 1) + 1;
    this.weights = arrays.spatial_weights.values;
    this.fourier = fourierTransform(nTimes);
    this.re = new Float64Array(nTimes); this.im = new Float64Array(nTimes);
    /** Spectra of what each unit mixes, (trial, unit, bin), and of muted channels, (trial, bin). */
    this.mixed = this.mix();
    this.channels = /** @type {Map<number, {re: Float32Array, im: Float32Array}>} */ (new Map());
    this.filtered = new Float32Array(nTrials * this.nUnits * this.nOut);
    /** What each filter adds to each score, (filter, trial, class), and what it adds if muted, (filter, class). */
    this.parts = new Float64Array(nFilters * nTrials * this.nClasses);
    this.silent = new Float64Array(nFilters * this.nClasses);
    this.headOverTime = headOverTime(data, this.nOut);
    this.kernels = Array.from({ length: nFilters }, () => new Float64Array(0));
    this.limits = this.kernels.map(() => "");
    this.given = ""; this.factor = NaN; this.state = noEdits();
    this.unedited = /** @type {Int32Array | null} */ (null);
    this.unedited = this.apply(this.state).predicted;
  }

  mix() {
    const { nTrials, nChans, nUnits, nBins, weights } = this, size = nTrials * nUnits * nBins;
    const mixed = { re: new Float32Array(size), im: new Float32Array(size) };
    const re = new Float32Array(nChans * nBins), im = new Float32Array(nChans * nBins);
    for (let n = 0, at = 0; n < nTrials; n++) {
      for (let c = 0; c < nChans; c++) this.spectrum(n, c, re, im, c * nBins);
      for (let u = 0; u < nUnits; u++, at += nBins) {
        addRows(mixed.re.subarray(at, at + nBins), re, weights.subarray(u * nChans, (u + 1) * nChans));
        addRows(mixed.im.subarray(at, at + nBins), im, weights.subarray(u * nChans, (u + 1) * nChans));
      }
    }
    return mixed;
  }

  /** Writes the spectrum of a channel of a trial. @param {number} trial @param {number} channel
   * @param {Float32Array} toRe @param {Float32Array} toIm @param {number} at */
  spectrum(trial, channel, toRe, toIm, at) {
    const { nTimes, nBins, re, im } = this, row = trial * this.nChans + channel;
    const signals = this.data.arrays.signals.values, scale = this.data.arrays.signal_scale.values[row];
    for (let t = 0, i = row * nTimes; t < nTimes; t++, i++) re[t] = signals[i] * scale;
    im.fill(0);
    this.fourier(re, im);
    for (let k = 0; k < nBins; k++) { toRe[at + k] = re[k]; toIm[at + k] = im[k]; }
  }

  /** Applies changes, in place of earlier ones, and returns what the network says.
   * @param {Edits} state @returns {Outcome} */
  apply(state) {
    this.state = state;
    const muted = [...state.mutedChannels].filter((c) => c < this.nChans).sort((a, b) => a - b);
    for (const c of muted.filter((one) => !this.channels.has(one))) {
      const re = new Float32Array(this.nTrials * this.nBins), im = new Float32Array(re.length);
      for (let n = 0; n < this.nTrials; n++) this.spectrum(n, c, re, im, n * this.nBins);
      this.channels.set(c, { re, im });
    }
    const kept = new Uint8Array(this.nBins).fill(1);
    for (const band of state.mutedBands) for (const [from, to] of this.data.bands[band]?.bins ?? []) kept.fill(0, from, to);
    const given = `${muted} ${kept}`, anew = this.setKernels(state.cutoffs);
    // The bank has a common standard deviation of 1: one edit rescales all filters.
    const factor = this.data.can_edit_cutoffs ? 1 / standardDeviation(this.kernels) : 1;
    for (let f = 0; f < this.nFilters; f++) {
      const filtered = given !== this.given || anew[f];
      if (filtered) this.filter(f, muted, kept);
      if (filtered || factor !== this.factor) this.weigh(f, factor);
    }
    Object.assign(this, { given, factor });
    return this.outcome();
  }

  /** Makes the kernels of which cut-offs changed, and returns which. @param {Map<number, [number, number]>} cutoffs */
  setKernels(cutoffs) {
    const { cutoffs_hz, kernels } = this.data.arrays, editable = this.data.can_edit_cutoffs;
    return this.limits.map((before, f) => {
      const [low, high] = editable ? cutoffs.get(f) ?? cutoffs_hz.values.subarray(2 * f, 2 * f + 2) : [0, 0];
      this.limits[f] = `${low} ${high}`;
      if (this.limits[f] === before) return false;
      const stored = kernels.values.subarray(f * this.nTaps, (f + 1) * this.nTaps);
      this.kernels[f] = editable ? sincKernel(this.data, low, high) : Float64Array.from(stored);
      return true;
    });
  }

  /** Filters what the units of a filter are given.
   * @param {number} f @param {number[]} muted channels @param {Uint8Array} kept which bins are not muted */
  filter(f, muted, kept) {
    const { nTrials, nUnits, nTimes, nBins, nOut, nTaps, depth, re, im, mixed, filtered } = this;
    const kernel = this.kernels[f], before = this.data.pad[0], [kr, ki] = kernelSpectrum(kernel, before, nTimes);
    const xr = new Float64Array(nBins), xi = new Float64Array(nBins);
    for (let n = 0; n < nTrials; n++) for (let u = f * depth; u < (f + 1) * depth; u++) {
      const at = (n * nUnits + u) * nBins, to = (n * nUnits + u) * nOut;
      for (let k = 0; k < nBins; k++) { xr[k] = mixed.re[at + k]; xi[k] = mixed.im[at + k]; }
      for (const c of muted) {
        const channel = /** @type {{re: Float32Array, im: Float32Array}} */ (this.channels.get(c));
        const w = this.weights[u * this.nChans + c];
        for (let k = 0, i = n * nBins; k < nBins; k++, i++) { xr[k] -= w * channel.re[i]; xi[k] -= w * channel.im[i]; }
      }
      // One transform back gives two real signals: what is given, and as imaginary part what is filtered.
      for (let k = 0, j = nTimes; k < nBins; k++, j--) {
        const a = kept[k] * xr[k], b = kept[k] * xi[k], c = a * kr[k] - b * ki[k], d = a * ki[k] + b * kr[k];
        if (k > 0) { re[j] = a + d; im[j] = c - b; }
        re[k] = a - d; im[k] = b + c;
        if (2 * k === nTimes) { re[k] = a; im[k] = c; }
      }
      this.fourier(im, re);
      for (let t = 0; t < nOut; t++) {
        let y = im[t];
        // The transform goes round in a circle; before and after a trial are zeros.
        for (let i = 0; i < before - t; i++) y -= kernel[i] * re[nTimes + t + i - before];
        for (let i = Math.max(0, nTimes + before - t); i < nTaps; i++) y -= kernel[i] * re[t + i - before - nTimes];
        filtered[to + t] = y / nTimes;
      }
    }
  }

  /** Computes what a filter adds to the scores. @param {number} f @param {number} factor of all kernels */
  weigh(f, factor) {
    const { nTrials, nClasses, nUnits, nOut, depth, parts, silent, filtered, headOverTime: head } = this;
    const { scale, bias } = this.data.arrays, { name, alpha } = this.data.activation, activation = ACTIVATIONS[name];
    const active = new Float64Array(nOut), size = nTrials * nClasses;
    parts.fill(0, f * size, (f + 1) * size); silent.fill(0, f * nClasses, (f + 1) * nClasses);
    for (let u = f * depth; u < (f + 1) * depth; u++) for (let n = -1; n < nTrials; n++) {
      const gain = scale.values[u] * factor, shift = bias.values[u], from = (n * nUnits + u) * nOut;
      for (let t = 0; t < nOut; t++) active[t] = activation(n < 0 ? shift : gain * filtered[from + t] + shift, alpha);
      for (let c = 0; c < nClasses; c++) {
        let sum = 0;
        for (let t = 0, w = (c * nUnits + u) * nOut; t < nOut; t++, w++) sum += active[t] * head[w];
        if (n < 0) silent[f * nClasses + c] += sum;
        else parts[(f * nTrials + n) * nClasses + c] += sum;
      }
    }
  }

  /** @returns {Outcome} */
  outcome() {
    const { nTrials, nClasses, nFilters } = this, added = this.filterScores();
    const codes = this.data.arrays.code?.values, bias = this.data.arrays.head_bias.values;
    const scores = new Float64Array(nTrials * nClasses), predicted = new Int32Array(nTrials);
    const changed = [], confusion = new Int32Array(nClasses * nClasses);
    let right = 0;
    for (let n = 0, i = 0; n < nTrials; n++) {
      for (let c = 0; c < nClasses; c++, i++) {
        scores[i] = bias[c];
        for (let f = 0; f < nFilters; f++) scores[i] += added[i * nFilters + f];
        if (scores[i] > scores[n * nClasses + predicted[n]]) predicted[n] = c;
      }
      if (this.unedited && this.unedited[n] !== predicted[n]) changed.push(n);
      if (codes) { confusion[codes[n] * nClasses + predicted[n]]++; right += Number(codes[n] === predicted[n]); }
    }
    const [ci_low, ci_high] = wilsonInterval(right, nTrials), common = { scores, predicted, changed };
    if (codes) return { ...common, accuracy: right / nTrials, ci_low, ci_high, confusion };
    return { ...common, accuracy: null, ci_low: null, ci_high: null, confusion: null };
  }

  /** Returns what each filter adds to each score, (trial, class, filter); with the head's bias they are the scores. */
  filterScores() {
    const { nTrials, nClasses, nFilters, parts, silent } = this, n = nTrials * nClasses;
    return Float64Array.from({ length: n * nFilters }, (_, i) => {
      const f = i % nFilters, row = (i - f) / nFilters;
      return this.state.mutedFilters.has(f) ? silent[f * nClasses + (row % nClasses)] : parts[f * n + row];
    });
  }

  /** Returns the gain of a filter with these cut-offs, in dB relative to its largest, at `response_hz`.
   * @param {number} _filter @param {number} low_hz @param {number} high_hz */
  response_db(_filter, low_hz, high_hz) {
    const kernel = sincKernel(this.data, low_hz, high_hz), of = { cos: Math.cos, sin: Math.sin };
    const sum = (/** @type {number} */ angle, /** @type {"cos" | "sin"} */ name) =>
      kernel.reduce((total, value, i) => total + value * of[name](angle * i), 0) ** 2;
    const angles = Float64Array.from(this.data.arrays.response_hz.values, (hz) => (2 * Math.PI * hz) / this.data.sfreq_hz);
    const power = angles.map((angle) => sum(angle, "cos") + sum(angle, "sin"));
    const most = Math.max(...power);
    return power.map((one) => Math.max(-200, 10 * Math.log10(one / most)));
  }
}

export const noEdits = () => stateOf({});

/** Adds rows to a sum, each with its weight; four at a time are much faster than one.
 * @param {Float32Array} sum @param {Float32Array} rows @param {Values} weights */
function addRows(sum, rows, weights) {
  const n = sum.length, at = (/** @type {number} */ c) => weights[c] ?? 0;
  for (let c = 0; c < weights.length; c += 4) {
    const w0 = at(c), w1 = at(c + 1), w2 = at(c + 2), w3 = at(c + 3), left = weights.length - c;
    const j = left > 1 ? n : 0, l = left > 2 ? 2 * n : 0, m = left > 3 ? 3 * n : 0;
    for (let k = 0, i = c * n; k < n; k++, i++) sum[k] += w0 * rows[i] + w1 * rows[i + j] + w2 * rows[i + l] + w3 * rows[i + m];
  }
}

/** Returns the kernel of a band, 1 in the middle: it is not divided by the standard deviation of the bank yet.
 * @param {Contents} data @param {number} low_hz @param {number} high_hz */
function sincKernel(data, low_hz, high_hz) {
  const window = data.arrays.window.values, n_pi = data.arrays.n_pi.values, half = window.length;
  const kernel = new Float64Array(2 * half + 1).fill(1);
  for (let i = 0; i < half; i++) {
    const x = (n_pi[i] * (high_hz - low_hz)) / 2, sinc = x === 0 ? 1 : Math.sin(x) / x;
    kernel[i] = kernel[2 * half - i] = window[i] * Math.cos((n_pi[i] * (low_hz + high_hz)) / 2) * sinc;
  }
  return kernel;
}

/** @param {Float64Array[]} kernels */
function standardDeviation(kernels) {
  const all = kernels.flatMap((kernel) => [...kernel]), mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1));
}

/** Returns what filtering multiplies the spectrum of a trial of n samples with.
 * @param {Float64Array} kernel @param {number} before zeros before a trial @param {number} n */
function kernelSpectrum(kernel, before, n) {
  const re = new Float64Array((n >> 1) + 1), im = new Float64Array(re.length);
  for (let k = 0; k < re.length; k++) for (let i = 0; i < kernel.length; i++) {
    const angle = (2 * Math.PI * ((k * (i - before)) % n)) / n;
    re[k] += kernel[i] * Math.cos(angle); im[k] += kernel[i] * Math.sin(angle);
  }
  return [re, im];
}

/** Returns pooling and head in one: what each sample of each unit counts for each score, (class, unit, time).
 * @param {Contents} data @param {number} nOut */
function headOverTime(data, nOut) {
  const head = data.arrays.head.values, { starts, size } = data.pool;
  const weights = new Float64Array((head.length / starts.length) * nOut);
  head.forEach((/** @type {number} */ value, /** @type {number} */ i) => {
    const from = Math.floor(i / starts.length) * nOut + starts[i % starts.length];
    for (let t = from; t < from + size; t++) weights[t] += value / size;
  });
  return weights;
}

/** Returns the 95 % interval of a share (Wilson). @param {number} right @param {number} n */
export function wilsonInterval(right, n) {
  const z2 = 1.959963984540054 ** 2, share = right / n, middle = share + z2 / (2 * n);
  const reach = Math.sqrt(z2 * ((share * (1 - share)) / n + z2 / (4 * n * n)));
  return [Math.max(0, (middle - reach) / (1 + z2 / n)), Math.min(1, (middle + reach) / (1 + z2 / n))];
}

/** Returns the indices of ascending values from low (included) to high (excluded): the first, and the one after the last.
 * @param {number[]} at @param {number} low @param {number} high */
export const indicesIn = (at, low, high) => [low, high].map((limit) => at.filter((one) => one < limit).length);

/** Returns what is summed for these ranges; of cells of frequency and time, at least the nearest if it is shown.
 * @param {Contents} data @param {Range} range_hz @param {Range} range_s @returns {Chosen} */
export function chosenIn(data, range_hz, range_s) {
  const name = !range_s ? "relevance" : range_hz ? "time_frequency_relevance" : "temporal_relevance", axes = /** @type {Axis[]} */ (data.axes[name]);
  const ranges = axes.map(({ dim, at, cuts }) => {
    const [low, high] = (dim === "time" ? range_s : range_hz) ?? [-Infinity, null], [from, to] = indicesIn(at, low, high ?? Infinity);
    if (axes.length < 2 || from < to || low >= cuts[at.length]) return [from, to];
    const first = from === at.length || (from > 0 && low + (high ?? Infinity) < at[from - 1] + at[from]) ? from - 1 : from;
    return [first, first + 1];
  });
  return { name, axes, ranges };
}

/** Returns sums of rows over ranges of the one or two axes that follow. @param {Labelled} array @param {number} first row
 * @param {number} step to the next @param {number} n rows @param {number[][]} ranges */
function sumsOfRows({ shape: [, , size, width = 1], values }, first, step, n, [[from, to], [start, end] = [0, 1]]) {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let k = from; k < to; k++) {
    for (let t = start, at = ((first + i * step) * size + k) * width; t < end; t++) sums[i] += values[at + t];
  }
  return sums;
}

/** Returns the relevance of each channel, summed over what is chosen.
 * @param {Contents} data @param {number} target @param {Chosen} chosen */
export function sumOverRanges(data, target, { name, ranges }) {
  const nChans = data.arrays[name].shape[1];
  return sumsOfRows(data.arrays[name], target * nChans, 1, nChans, ranges);
}

/** Returns the relevance of each shown trial, summed over channels and frequencies from low to high.
 * @param {Contents} data @param {number} target @param {number} low_hz @param {number} high_hz */
export function trialsIn(data, target, low_hz, high_hz) {
  const array = data.arrays.trial_spectrum, [nTrials, nTargets] = array.shape;
  return sumsOfRows(array, target, nTargets, nTrials, [indicesIn(data.axes.relevance[0].at, low_hz, high_hz)]);
}

/** Returns the relevance of each frequency or time, summed over channels.
 * @param {Labelled} array @param {number} target @param {Iterable<number>} channels */
export function sumOverChannels({ shape: [, nChans, size], values }, target, channels) {
  const sums = new Float64Array(size);
  for (const c of channels) for (let k = 0, i = (target * nChans + c) * size; k < size; k++, i++) sums[k] += values[i];
  return sums;
}

/** Returns the pixels of a scalp map, row by row from the front; NaN outside the head.
 * @param {Contents} data @param {ArrayLike<number>} values of the channels */
export function scalp(data, values) {
  const { shape: [nPixels, nChans], values: matrix } = data.arrays.topomap, pixels = new Float64Array(nPixels);
  for (let p = 0, i = 0; p < nPixels; p++) for (let c = 0; c < nChans; c++, i++) pixels[p] += matrix[i] * values[c];
  return Float32Array.from(pixels);
}

/** Returns a view, anything that JSON can hold, as text for the address of the page. @param {any} view */
export function encodeState(view) {
  const text = btoa(Array.from(new TextEncoder().encode(JSON.stringify(view)), (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Returns the view that text stands for; null if it is none. @param {string} text @returns {any} */
export function decodeState(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    const view = JSON.parse(new TextDecoder().decode(bytes));
    stateOf(view.edits ?? {});
    return Object.getPrototypeOf(view) === Object.prototype ? view : null;
  } catch {
    return null;
  }
}

/** Returns edits of a view as `Network.apply` takes them; throws if they are none.
 * @param {{cutoffs?: number[][], mutedFilters?: number[], mutedBands?: number[], mutedChannels?: number[]}} edits
 * @returns {Edits} */
export function stateOf(edits) {
  const numbers = (/** @type {number[]} */ list = []) => {
    if (!list.every((one) => Number.isInteger(one) && one >= 0)) throw new Error("These are no numbers.");
    return new Set(list);
  };
  const cutoffs = /** @type {Map<number, [number, number]>} */ (new Map());
  for (const [filter, low, high] of edits.cutoffs ?? []) {
    if (!Number.isInteger(filter) || !(low >= 0 && high >= low && high < Infinity)) throw new Error("These are no cut-offs.");
    cutoffs.set(filter, [low, high]);
  }
  const [mutedFilters, mutedBands, mutedChannels] = [edits.mutedFilters, edits.mutedBands, edits.mutedChannels].map((list) => numbers(list));
  return { cutoffs, mutedFilters, mutedBands, mutedChannels };
}

/** Returns Python code that computes the same scores, and the same relevance for every target.
 * @param {Contents} data @param {Edits} state @param {Chosen | null} chosen */
export function asPython(data, state, chosen = null) {
  const { model, epochs, labels, ch_names } = data.python, number = (/** @type {number} */ f) => data.filters.number[f];
  const some = (/** @type {Set<number>} */ set, /** @type {(one: number) => any} */ text) => [...set].sort((a, b) => a - b).flatMap(text);
  const cutoffs = some(new Set(state.cutoffs.keys()), (f) => `${number(f)}: (${state.cutoffs.get(f)?.join(", ")})`);
  const bands = some(state.mutedBands, (b) => data.bands[b].ranges_hz.map(([low, high]) => `(${low}, ${high ?? 'float("inf")'})`));
  const channels = some(state.mutedChannels, (c) => pythonText(ch_names[c]));
  const numbers = Array.from(data.arrays.trial_number.values), follow = numbers.every((one, at) => one === numbers[0] + at);
  const settings = cutoffs.length ? [`    cutoffs={${cutoffs.join(", ")}},`] : [];
  const muted = { muted_filters: some(state.mutedFilters, number), muted_bands: bands, muted_channels: channels };
  for (const [name, list] of Object.entries(muted)) if (list.length) settings.push(`    ${name}=[${list.join(", ")}],`);
  return [...(epochs === null ? [] : ["import mne"]), "import sincviz", "",
    model === null ? "# `model` is the network that was inspected" : `model = sincviz.load_checkpoint(${pythonText(model)})`,
    epochs === null ? "# `epochs` are the trials that it was inspected on" : `epochs = mne.read_epochs(${pythonText(epochs)})`,
    ...(labels ? ["# `y` are the classes that were given with them"] : []),
    "edited = sincviz.evidence.edited_predictions(", `    model, epochs,${labels ? " y," : ""}`, ...settings, ")",
    `shown = edited.loc[${follow ? `${numbers[0]}:${numbers.at(-1)}` : `[${numbers.join(", ")}]`}]  # the trials of the page`,
    data.arrays.code ? 'print(shown["correct"].mean())' : "print(shown)", "",
    ...(chosen ? [model === null || epochs === null ? "# `inspection` is what `sincviz.inspect` returned" : `inspection = sincviz.inspect(model, epochs${labels ? ", y" : ""})`,
      `print(${relevanceAsPython(chosen)})  # of the network as trained`, ""] : []),
  ].join("\n");
}

/** @param {Chosen} chosen */
function relevanceAsPython({ name, axes, ranges }) {
  const slices = axes.map(({ dim, cuts }, i) => `${dim}=slice(${ranges[i].map((at) => cuts[at]).join(", ")})`), dims = axes.map(({ dim }) => `"${dim}"`);
  return `inspection.${name === "relevance" ? "spectral_relevance" : name}.sel(${slices.join(", ")}).sum(${dims.length > 1 ? `(${dims.join(", ")})` : dims})`;
}

/** Returns text as Python writes it, without invisible characters. @param {string} text */
function pythonText(text) {
  return JSON.stringify(text).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, (one) => {
    const hex = (one.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
}
