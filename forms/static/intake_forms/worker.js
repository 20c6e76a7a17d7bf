// Looks for the number that, written after the seed, gives a SHA-256 digest with so many zeros at
// its beginning. Computed here: the browser's own digest answers one call at a time, too slowly,
// and not at all on pages without TLS.
"use strict";

const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
const fraction = (value) => ((value - Math.floor(value)) * 2 ** 32) | 0;
const K = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));
const START = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));

const words = new Int32Array(64);
const turn = (x, by) => (x >>> by) | (x << (32 - by));

// The state after a block of 16 words, which stand at the beginning of `words`.
const pressed = (state, next) => {
  for (let i = 16; i < 64; i++) {
    const a = words[i - 15];
    const b = words[i - 2];
    words[i] =
      (words[i - 16] + words[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) +
        (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const first =
      (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const second =
      ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  next[0] = (state[0] + a) | 0;
  next[1] = (state[1] + b) | 0;
  next[2] = (state[2] + c) | 0;
  next[3] = (state[3] + d) | 0;
  next[4] = (state[4] + e) | 0;
  next[5] = (state[5] + f) | 0;
  next[6] = (state[6] + g) | 0;
  next[7] = (state[7] + h) | 0;
};

const put = (text, length) => {
  words.fill(0, 0, 16);
  for (let i = 0; i < text.length; i++) {
    words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
  }
  if (length) {
    words[text.length >> 2] |= 0x80 << (24 - (text.length % 4) * 8);
    words[15] = length * 8;
  }
};

// The seed, 64 hexadecimal signs, fills the first block: only the second changes with the number.
onmessage = ({ data: { seed, bits } }) => {
  const middle = new Int32Array(8);
  const found = new Int32Array(8);
  put(seed, 0);
  pressed(START, middle);
  for (let number = 0; ; number++) {
    const text = String(number);
    put(text, seed.length + text.length);
    pressed(middle, found);
    const zeros = found[0] ? Math.clz32(found[0]) : 32 + Math.clz32(found[1]);
    if (zeros >= bits) {
      postMessage(text);
      return;
    }
  }
};
