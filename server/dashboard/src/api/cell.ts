/** What a cell of a row may hold. */
export type Cell = string | number | boolean | null | Cell[] | { [name: string]: Cell };
