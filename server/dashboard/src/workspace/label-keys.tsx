/** Keys 1 to 9 set the class of the selected rows; the classes are those of the label column, in order. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { groupsOptions } from "../api/queries";
import { useCommands } from "../app/commands";
import { classText, classValue, labelColumn } from "./columns";
import { useWorkspace } from "./context";
import { useEditing } from "./editing";

/** Classes of the label column as (value, name): of its class map, else those that rows have, most first. */
export function useClasses(): { value: string; name: string }[] {
  const { at, version, table } = useWorkspace();
  const label = labelColumn(table);
  const mapped = label?.role.classes ?? [];
  const groups = useQuery({
    ...groupsOptions(at, version, label?.name ?? "", undefined, undefined, 1000),
    enabled: label !== null && mapped.length === 0,
  });
  const values = groups.data?.values;
  return useMemo(() => {
    if (!label) return [];
    const classes = label.role.classes ?? [];
    if (classes.length > 0) return classes.map(([value, name]) => ({ value: value ?? "", name: name ?? value ?? "" }));
    const found = (values ?? []).filter(({ value }) => value !== null).map(({ value }) => String(value));
    // By name, so that a key keeps its class when counts change.
    return found
      .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))
      .map((value) => ({ value, name: classText(label, value) }));
  }, [label, values]);
}

export function LabelKeys() {
  const { table } = useWorkspace();
  const editing = useEditing();
  const classes = useClasses();
  const label = labelColumn(table);
  useCommands(
    label?.editable && editing.refused === null
      ? [
          ...classes.slice(0, 9).map(({ value, name }, i) => ({
            id: `label-${i + 1}`,
            title: `Set ${label.name} to ${name}`,
            group: "Edit",
            keys: String(i + 1),
            run: () =>
              void editing.setCells({ [label.name]: classValue(label, value) }, `Set ${label.name} to ${name}`),
          })),
          ...(label.nullable
            ? [
                {
                  id: "label-0",
                  title: `Clear ${label.name}`,
                  group: "Edit",
                  keys: "0",
                  run: () => void editing.setCells({ [label.name]: null }, `Cleared ${label.name}`),
                },
              ]
            : []),
        ]
      : [],
  );
  return null;
}
