/** The place of each class, from which its colour comes: the same in every view of the page. */
import { useMemo } from "react";
import type { TableColumn } from "../api/contract";
import { labelColumn } from "./columns";
import { useWorkspace } from "./context";
import { useClasses } from "./label-keys";

/** Gives a value's place, or -1 where the column has no classes. */
export function useClassOrder(column: TableColumn | null): (value: string) => number {
  const { table } = useWorkspace();
  const classes = useClasses();
  const label = labelColumn(table);
  return useMemo(() => {
    if (column?.role.kind !== "label") return () => -1;
    const own = column.role.classes?.map(([value]) => value ?? "") ?? [];
    // A predicted class has the place of the true one.
    const values = own.length > 0 ? own : label ? classes.map(({ value }) => value) : [];
    const places = new Map(values.map((value, place) => [value, place]));
    return (value: string) => {
      let place = places.get(value);
      if (place === undefined) {
        place = places.size;
        places.set(value, place);
      }
      return place;
    };
  }, [column, classes, label]);
}
