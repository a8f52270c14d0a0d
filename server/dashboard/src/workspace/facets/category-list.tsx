/** Values with their counts, each a box to check. */
import { count } from "../../parts/amounts";
import { LongList } from "../../parts/long-list";

export interface Category {
  /** Null is the value that is none. */
  value: string | null;
  name: string;
  count: number;
  colour: string | null;
}

interface Props {
  name: string;
  categories: readonly Category[];
  chosen: readonly (string | null)[];
  onChoose(values: (string | null)[]): void;
}

const LINE_PX = 26;

export function CategoryList({ name, categories, chosen, onChoose }: Props) {
  const most = categories.reduce((found, one) => Math.max(found, one.count), 1);
  const known = new Set(chosen);
  const toggle = (value: string | null) =>
    onChoose(known.has(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
  return (
    <LongList
      items={categories}
      itemHeight={LINE_PX}
      keyOf={({ value }) => value ?? "\0null"}
      className="categories"
      label={`Values of ${name}`}
    >
      {({ value, name: text, count: amount, colour }) => (
        <label className={known.has(value) ? "category is-on" : "category"}>
          <input type="checkbox" checked={known.has(value)} onChange={() => toggle(value)} />
          {colour && <span className="swatch" style={{ background: colour }} />}
          <bdi className={value === null ? "category-name quiet" : "category-name"}>{clipped(text)}</bdi>
          <span className="category-bar" style={{ width: `${(amount / most) * 36}px` }} />
          <span className="quiet number">{count(amount)}</span>
        </label>
      )}
    </LongList>
  );
}

/** A cell may hold a megabyte; its beginning says which it is. */
const clipped = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
