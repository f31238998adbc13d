// A table as a CSV file, made in the page.

/** A cell that a spreadsheet does not take for a formula. */
const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`

/** Saves the table. Excel reads the byte order mark as "this is UTF-8". */
export function saveCsv(name: string, heads: string[], rows: [string, string[]][]): void {
  const lines = [['', ...heads], ...rows.map(([head, cells]) => [head, ...cells])]
  const text = `\uFEFF${lines.map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  link.download = `${name}.csv`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
