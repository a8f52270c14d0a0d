/** The column of a plot, or a word that it is gone: a link may be older than the table. */
export function MissingColumn({ name }: { name: string }) {
  return (
    <p className="plot-missing quiet">
      This view has no column “{name}”. Choose the run or table that has it, or close the plot.
    </p>
  );
}
