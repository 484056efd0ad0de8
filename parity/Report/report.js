// Sorting and filtering of the table of tensors; the page reads without it too.
(() => {
  const table = document.getElementById('rows'), body = table.tBodies[0], all = [...body.rows];
  const search = document.getElementById('search'), kind = document.getElementById('kind'), count = document.getElementById('count');
  const value = (row, column) => { const cell = row.cells[column]; return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v); };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of all) {
      const name = row.cells[0].textContent.toLowerCase();
      row.hidden = !(words.every(word => name.includes(word)) && (!kind.value || row.dataset.kind.split(' ').includes(kind.value)));
      if (!row.hidden) shown++;
    }
    count.textContent = shown + ' of ' + all.length;
  };
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    header.tabIndex = 0;
    const sort = () => {
      const up = header.getAttribute('aria-sort') === 'descending';
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
      header.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      all.sort((a, b) => {
        const x = value(a, column), y = value(b, column);
        const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
        return up ? order : -order;
      });
      body.append(...all);
    };
    header.onclick = sort;
    header.onkeydown = event => { if (event.key === 'Enter') sort(); };
  });
  search.oninput = kind.oninput = filter;
  filter();
})();
