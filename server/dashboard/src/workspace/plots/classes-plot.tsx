/** How many rows each class has. */
import { useQuery } from "@tanstack/react-query";
import { groupsOptions } from "../../api/queries";
import { count, counted } from "../../parts/amounts";
import { LongList } from "../../parts/long-list";
import { Answered } from "../../parts/states";
import { categoryColour } from "../../render/palette";
import { useClassOrder } from "../class-order";
import { CLASSES_MAX, classColour, classText } from "../columns";
import { addClause, useWorkspace } from "../context";
import { MissingColumn } from "./missing-column";

const LINE_PX = 26;

export function ClassesPlot({ column: name }: { column: string }) {
  const { at, version, where, filter, columns } = useWorkspace();
  const column = columns.find((one) => one.name === name) ?? null;
  const asked = useQuery({
    ...groupsOptions(at, version, name, where, undefined, CLASSES_MAX),
    enabled: column !== null,
  });
  const order = useClassOrder(column);
  if (!column) return <MissingColumn name={name} />;
  return (
    <div className="plot plot-list">
      <Answered asked={asked} what={name}>
        {({ values, other, distinct }) => {
          const most = values.reduce((found, row) => Math.max(found, row.count), 1);
          return (
            <>
              <LongList
                items={values}
                itemHeight={LINE_PX}
                keyOf={({ value }) => (value === null ? "\0null" : String(value))}
                className="bars"
                label={`Rows by ${name}`}
              >
                {({ value, count: rows }) => {
                  const text = value === null ? null : String(value);
                  const colour = categoryColour(Math.max(0, order(text ?? "")), classColour(column, text ?? ""));
                  return (
                    <button
                      type="button"
                      className="bar-line"
                      onClick={() => addClause(filter, { condition: { kind: "in", column: name, values: [text] } })}
                    >
                      <bdi className="bar-name">{classText(column, value)}</bdi>
                      <span className="bar-track">
                        <span className="bar-fill" style={{ width: `${(rows / most) * 100}%`, background: colour }} />
                      </span>
                      <span className="number">{count(rows)}</span>
                    </button>
                  );
                }}
              </LongList>
              {other > 0 && (
                <p className="plot-words">
                  The {count(values.length)} largest of {counted(distinct, "class", "classes")}; {counted(other, "row")}{" "}
                  are in the others.
                </p>
              )}
            </>
          );
        }}
      </Answered>
    </div>
  );
}
