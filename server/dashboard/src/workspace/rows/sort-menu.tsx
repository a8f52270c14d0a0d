/** In which order rows come; several columns, the first decides. */
import { setQuery } from "../../app/location";
import { useWorkspace } from "../context";
import { orderOf, orderText } from "./order";

export function SortMenu() {
  const { columns, order } = useWorkspace();
  const terms = orderOf(order);
  const first = terms[0];
  return (
    <span className="row-line tight">
      <select
        className="field"
        aria-label="Sort by"
        value={first?.column ?? ""}
        onChange={(event) =>
          setQuery({
            order: event.target.value ? orderText([{ column: event.target.value, isDescending: true }]) : null,
          })
        }
      >
        <option value="">table order</option>
        {columns.map(({ name }) => (
          <option key={name} value={name}>
            by {name}
          </option>
        ))}
      </select>
      {first && (
        <button
          type="button"
          className="button"
          onClick={() =>
            setQuery({ order: orderText([{ ...first, isDescending: !first.isDescending }, ...terms.slice(1)]) })
          }
        >
          {first.isDescending ? "high to low" : "low to high"}
        </button>
      )}
    </span>
  );
}
