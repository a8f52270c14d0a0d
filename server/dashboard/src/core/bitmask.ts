/** One bit for each row, least significant first: filters, selections and edits, as they travel on the wire. */

export class Bitmask {
  readonly length: number;
  readonly words: Uint32Array<ArrayBuffer>;

  constructor(length: number, words?: Uint32Array<ArrayBuffer>) {
    this.length = length;
    this.words = words ?? new Uint32Array((length + 31) >>> 5);
  }

  static all(length: number): Bitmask {
    const mask = new Bitmask(length);
    mask.words.fill(0xffffffff);
    mask.clearTail();
    return mask;
  }

  /** Reads the bytes of the service's `mask` route; bits past `length` are dropped. */
  static fromBytes(bytes: Uint8Array, length: number): Bitmask {
    const mask = new Bitmask(length);
    new Uint8Array(mask.words.buffer).set(bytes.subarray(0, Math.min(bytes.length, mask.words.byteLength)));
    mask.clearTail();
    return mask;
  }

  static fromRows(length: number, rows: Iterable<number>): Bitmask {
    const mask = new Bitmask(length);
    for (const row of rows) mask.set(row);
    return mask;
  }

  get(row: number): boolean {
    return ((this.words[row >>> 5] >>> (row & 31)) & 1) === 1;
  }

  set(row: number, on = true): void {
    if (row < 0 || row >= this.length) return;
    if (on) this.words[row >>> 5] |= 1 << (row & 31);
    else this.words[row >>> 5] &= ~(1 << (row & 31));
  }

  count(): number {
    let total = 0;
    for (let i = 0; i < this.words.length; i++) total += bitsOf(this.words[i]);
    return total;
  }

  isEmpty(): boolean {
    return this.words.every((word) => word === 0);
  }

  clone(): Bitmask {
    return new Bitmask(this.length, this.words.slice());
  }

  and(other: Bitmask): Bitmask {
    return this.combine(other, (a, b) => a & b);
  }

  or(other: Bitmask): Bitmask {
    return this.combine(other, (a, b) => a | b);
  }

  andNot(other: Bitmask): Bitmask {
    return this.combine(other, (a, b) => a & ~b);
  }

  not(): Bitmask {
    const mask = new Bitmask(
      this.length,
      this.words.map((word) => ~word),
    );
    mask.clearTail();
    return mask;
  }

  /** The rows whose bit is set, in order, up to `limit`. */
  rows(limit = Number.POSITIVE_INFINITY): number[] {
    const found: number[] = [];
    for (let i = 0; i < this.words.length; i++) {
      let word = this.words[i];
      while (word !== 0) {
        if (found.length >= limit) return found;
        const low = word & -word;
        found.push((i << 5) + (31 - Math.clz32(low)));
        word ^= low;
      }
    }
    return found;
  }

  private combine(other: Bitmask, of: (a: number, b: number) => number): Bitmask {
    if (other.length !== this.length) throw new Error(`masks of ${this.length} and ${other.length} rows`);
    const words = new Uint32Array(this.words.length);
    for (let i = 0; i < words.length; i++) words[i] = of(this.words[i], other.words[i]);
    const mask = new Bitmask(this.length, words);
    mask.clearTail();
    return mask;
  }

  private clearTail(): void {
    const used = this.length & 31;
    if (used !== 0) this.words[this.words.length - 1] &= 0xffffffff >>> (32 - used);
  }
}

function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
