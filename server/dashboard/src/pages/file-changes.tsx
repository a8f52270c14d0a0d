/** Files that differ; a picture is shown as it was and as it is. */
import type { Diff } from "../api/contract";
import { fileUrl, thumbnailUrl } from "../api/urls";
import { bytes } from "../parts/amounts";
import { Blink } from "../parts/blink";

const PICTURE = /\.(png|jpe?g|webp|gif|bmp)$/i;
const SHOWN = 500;
const THUMBNAIL = 128;

export function FileChanges({
  diff,
  dataset,
  from,
  until,
}: {
  diff: Diff;
  dataset: string;
  from: string;
  until: string;
}) {
  const shown = diff.files.slice(0, SHOWN);
  return (
    <div className="card table-wrap">
      <table className="list">
        <thead>
          <tr>
            <th>File</th>
            <th>What</th>
            <th className="number">Before</th>
            <th className="number">After</th>
            <th>Picture</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ path, from: old, what, size_before, size_after }) => (
            <tr key={path}>
              <td className="mono">
                <a href={fileUrl(dataset, what === "removed" ? from : until, path)}>{path}</a>
                {old && <div className="quiet">was {old}</div>}
              </td>
              <td>
                {what}
                {diff.reformatted.includes(path) && <span className="quiet"> (only written differently)</span>}
              </td>
              <td className="number">{size_before === null || size_before === undefined ? "—" : bytes(size_before)}</td>
              <td className="number">{size_after === null || size_after === undefined ? "—" : bytes(size_after)}</td>
              <td>
                {PICTURE.test(path) && (
                  <ChangedPicture
                    name={path}
                    before={what === "added" ? null : thumbnailUrl(dataset, from, old ?? path, THUMBNAIL)}
                    after={what === "removed" ? null : thumbnailUrl(dataset, until, path, THUMBNAIL)}
                    isSame={what === "renamed"}
                  />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {diff.files.length > SHOWN && (
        <p className="card-body quiet">
          The first {SHOWN} of {diff.files.length} files; the command <code>veneer diff</code> lists all.
        </p>
      )}
    </div>
  );
}

interface PictureProps {
  name: string;
  before: string | null;
  after: string | null;
  /** Both have the same content. */
  isSame: boolean;
}

function ChangedPicture({ name, before, after, isSame }: PictureProps) {
  if (before !== null && after !== null && !isSame) return <Blink before={before} after={after} name={name} />;
  const one = after ?? before;
  return one === null ? null : (
    <img src={one} alt={after === null ? "before" : "after"} className="diff-thumb" loading="lazy" />
  );
}
