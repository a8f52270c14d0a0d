/** Keys 1 to 9 set the class of the selected rows; the classes are those of the label column, in order. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { groupsOptions } from "../api/queries";
import { useCommands } from "../app/commands";
import { byName } from "../core/by-name";
import { onceFor } from "../core/once-for";
import { CLASSES_MAX, classText, classValue, labelColumn } from "./columns";
import { useWorkspace } from "./context";
import { useEditing } from "./editing";

/** Classes of the label column as (value, name): of its class map, else those that rows have, most first. */
export function useClasses(): { value: string; name: string }[] {
  const { at, version, table } = useWorkspace();
  const label = labelColumn(table);
  const mapped = label?.role.classes ?? [];
  const groups = useQuery({
    ...groupsOptions(at, version, label?.name ?? "", undefined, undefined, CLASSES_MAX),
    enabled: label !== null && mapped.length === 0,
  });
  const values = groups.data?.values;
  return useMemo(() => {
    if (!label) return [];
    const { classes } = label.role;
    if (classes && classes.length > 0)
      return listed.of(classes, () =>
        classes.map(([value, name]) => ({ value: value ?? "", name: name ?? value ?? "" })),
      );
    if (!values) return [];
    // By name, so that a key keeps its class when counts change.
    return listed.of(values, () =>
      values
        .filter(({ value }) => value !== null)
        .map(({ value }) => String(value))
        .sort(byName)
        .map((value) => ({ value, name: classText(label, value) })),
    );
  }, [label, values]);
}

/** Every cell of a class asks for them: ten thousand are sorted once, not for each. */
const listed = onceFor<{ value: string; name: string }[]>();

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
