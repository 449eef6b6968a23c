/** Rows with the same columns as comma-separated values (RFC 4180), a line of names first. */
export function toCsv(rows: readonly Readonly<Record<string, string | number | boolean>>[]): string {
  const columns = Object.keys(rows[0] ?? {})
  const lines = rows.map(row => columns.map(column => cell(row[column] ?? '')).join(','))
  return [columns.map(cell).join(','), ...lines].map(line => `${line}\r\n`).join('')
}

function cell(value: string | number | boolean): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
