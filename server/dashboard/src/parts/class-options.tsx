/** Names to type ahead: those that have the typed text, as many as anybody reads, and how many there are besides. */
import { count } from "./amounts";

const SHOWN = 50;

interface Props {
  id: string;
  names: readonly string[];
  /** What is in the field. */
  text: string;
}

/** The list of a field with `list={id}`. Of ten thousand names only these exist in the page. */
export function ClassOptions({ id, names, text }: Props) {
  const { shown, more } = matching(names, text);
  return (
    <datalist id={id}>
      {shown.map((name) => (
        <option key={name} value={name} />
      ))}
      {more > 0 && <option value={text}>and {count(more)} more have this text</option>}
    </datalist>
  );
}

/** Those that begin with the text come first; one that is the whole text is no reason to hide the others. */
export function matching(names: readonly string[], text: string): { shown: string[]; more: number } {
  const wanted = text.trim().toLowerCase();
  const [first, later]: [string[], string[]] = [[], []];
  for (const name of names) {
    const at = wanted === "" ? 0 : name.toLowerCase().indexOf(wanted);
    if (at >= 0) (at === 0 ? first : later).push(name);
  }
  const found = [...first, ...later];
  return { shown: found.slice(0, SHOWN), more: Math.max(0, found.length - SHOWN) };
}
