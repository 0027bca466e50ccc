/** Prints rows as columns, for people; each row has as many cells. */
export function printRows(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  for (const row of rows) {
    const line = row.map((cell, column) => printable(cell).padEnd(widths?.[column] ?? 0)).join('  ')
    console.log(line.trimEnd())
  }
}

/** Clients name themselves, and a terminal obeys control characters. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?')
}
