/** What a new box's row has to hold so that it belongs to the picture. */
import type { Cell, Row } from "../../api/contract";
import { rowsOptions } from "../../api/queries";
import { quoteName, quoteText } from "../../core/sql-text";
import type { ShownBox } from "../boxes";
import { type BoxSource, imageColumn, isNamed } from "../columns";
import type { Workspace } from "../context";
import { byKey } from "../row-key";

export async function placeOf(
  { at, version, tables, table, client }: Workspace,
  source: BoxSource,
  row: Row,
  boxes: readonly ShownBox[],
): Promise<Record<string, Cell>> {
  if (source.link !== null && source.of !== null) return { [source.link]: row[source.of] };
  const path = row[imageColumn(table)?.name ?? ""];
  const own = imageColumn(source.table);
  if (own) return { [own.name]: path };
  const reference = source.table.columns.find(({ role }) => role.kind === "reference");
  if (!reference) return {};
  const ask = async (name: string, wanted: { where?: string; offset: number; limit: number }) => {
    const page = await client.fetchQuery(
      rowsOptions({ dataset: at.dataset, ref: at.ref, table: name }, version, wanted),
    );
    return page.rows[0] as Row | undefined;
  };
  // A box that is there says whose it is.
  if (boxes.length > 0) {
    const other = await ask(source.table.name, byKey(source.table, boxes[0].key));
    if (other) return { [reference.name]: other[reference.name] };
  }
  const images = tables.find((one) => isNamed(one, reference.role.table));
  const file = images && imageColumn(images);
  if (!images?.key || !file) throw new Error(`no row of ${reference.role.table ?? "a table"} names this picture`);
  const where = `ends_with(${quoteText(String(path))}, ${quoteName(file.name)})`;
  const found = await ask(images.name, { where, offset: 0, limit: 1 });
  if (!found) throw new Error(`no row of ${images.name} names ${String(path)}`);
  return { [reference.name]: found[images.key] };
}
