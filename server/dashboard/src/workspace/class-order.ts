/** The place of each class, from which its colour comes: the same in every view of the page. */
import { useMemo } from "react";
import type { TableColumn } from "../api/contract";
import { onceFor } from "../core/once-for";
import { useClasses } from "./label-keys";

/** Gives a value's place, or -1 where the column has no classes. */
export function useClassOrder(column: TableColumn | null): (value: string) => number {
  const classes = useClasses();
  return useMemo(() => {
    if (column?.role.kind !== "label") return () => -1;
    // A predicted class has the place of the true one.
    const own = column.role.classes ?? [];
    const places = placesOf.of(own.length > 0 ? own : classes, () => {
      const values = own.length > 0 ? own.map(([value]) => value ?? "") : classes.map(({ value }) => value);
      return new Map(values.map((value, place) => [value, place]));
    });
    return (value: string) => {
      let place = places.get(value);
      if (place === undefined) {
        place = places.size;
        places.set(value, place);
      }
      return place;
    };
  }, [column, classes]);
}

/** Every cell of a class asks: the places are worked out once, and a class that none of them is has one in all views. */
const placesOf = onceFor<Map<string, number>>();
