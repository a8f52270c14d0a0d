/** Numbers, sizes and times as people read them. */

export const count = (value: number) => value.toLocaleString("en-US");

/** `1 row`, `2 rows`. */
export const counted = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = value < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const amount = value / 1024 ** power;
  return `${power === 0 ? value : amount.toFixed(amount < 10 ? 1 : 0)} ${units[power]}`;
}

export const shortId = (id: string) => (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 8) : id);

export function ago(at: string, now = Date.now()): string {
  const seconds = Math.round((now - Date.parse(at)) / 1000);
  if (!Number.isFinite(seconds)) return at;
  if (seconds < 5) return "just now";
  for (const [unit, length] of [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ] as const) {
    const amount = Math.floor(seconds / length);
    if (amount >= 1) return unit === "day" && amount > 30 ? at.slice(0, 10) : `${counted(amount, unit)} ago`;
  }
  return at;
}

/** A measured number: four digits that count. */
export function measured(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return count(value);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return value.toExponential(3);
  return Number(value.toPrecision(4)).toString();
}
