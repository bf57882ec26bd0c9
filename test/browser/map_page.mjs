// Looks at pages with maps of plans: node map_page.mjs TEMPLATE FOLDER
//
// FOLDER has pages NAME.html and, in NAME.json, what they are to say, JSON in base64
// (test/t/035_map_page.pl makes both).  Prints a line a test, "ok NAME" or "not ok NAME: WHY".
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { withBrowser } from './browser.mjs';

const [template, folder, ...only] = process.argv.slice(2);

// ---- tests ---------------------------------------------------------------------------

let about = '';

// Of what is printed nothing may look like a line of its own, or be of many kilobytes.
function shown(value) {
    const text = typeof value === 'string' ? value : JSON.stringify(value) ?? 'undefined';

    return text.replace(/(.{1,3}?)\1{20,}/gu, '$1...').replace(/[^\x20-\x7e]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).slice(0, 600);
}
function ok(right, name, why = '') {
    console.log(`${right ? 'ok' : 'not ok'} ${about} - ${name}${right ? '' : `: ${shown(why)}`}`);
}
function is(got, wanted, name) {
    ok(isDeepStrictEqual(got, wanted), name, `got ${shown(got)}, wanted ${shown(wanted)}`);
}
// Many of a kind are one test, which names the first that is wrong.
class All {
    constructor(name) {
        this.name = name;
        this.wrong = [];
        this.right = 0;
    }
    is(got, wanted, what) {
        if (isDeepStrictEqual(got, wanted))
            this.right++;
        else
            this.wrong.push(`${shown(what)}: got ${shown(got)}, wanted ${shown(wanted)}`);
    }
    has(list, value, what) {
        if (list.includes(value))
            this.right++;
        else
            this.wrong.push(`${shown(what)}: no ${shown(value)} in ${shown(list)}`);
    }
    end() {
        ok(this.wrong.length === 0 && this.right > 0, this.name, `${this.wrong.length} of ${this.wrong.length + this.right} are wrong; ${this.wrong[0]}`);
    }
}

// Random numbers from 0 to below n, the same each time.
let seed = 20261126;

function random(n) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * n);
}
function some(list, n) {
    return list.length <= n ? list : Array.from({ length: n }, () => list[random(list.length)]);
}

// By code points, as the C collation has it.
function compareNames(a, b) {
    return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

// ---- a page, and what its user does ---------------------------------------------------

class MapPage {
    constructor(page) {
        this.page = page;
    }
    static async open(browser, path, options) {
        const page = await browser.open(path, options);
        const map = new MapPage(page);

        if (options?.scripts !== false)
            await page.until(() => document.querySelector('#map')?.dataset.drawn === 'true');
        return map;
    }

    // Where the grid is, by its attributes.
    async grid() {
        await this.page.settled();
        return this.page.evaluate(() => {
            const map = document.querySelector('#map');
            const { x, y } = map.getBoundingClientRect();

            return { x, y, width: Math.min(map.clientWidth, innerWidth - x), height: Math.min(map.clientHeight, innerHeight - y), scrolled: [map.scrollLeft > 0, map.scrollTop > 0], ...Object.fromEntries(Object.entries(map.dataset).map(([name, value]) => [name, Number(value)])) };
        });
    }
    // Until cells are so big that each is by itself.
    async zoomIn() {
        await this.page.where('#map');
        for (let tries = 0; tries < 40; tries++) {
            const { cellWidth, cellHeight } = await this.grid();

            if (cellWidth >= 8 && cellHeight >= 8)
                return;
            await this.page.evaluate(() => document.querySelector('#zoom-in').click());
        }
        throw new Error('the map does not get bigger');
    }

    // The middle of a cell in the window, by its place in the order shown (column 0 is the
    // pooled model's, which does not scroll); it is scrolled to.
    async place(row, column) {
        await this.page.where('#map');
        for (let tries = 0; tries < 200; tries++) {
            const grid = await this.grid();
            const x = column === 0 ? grid.pooledLeft + grid.pooledWidth / 2 : grid.left + (column - grid.firstColumn + 0.5) * grid.cellWidth;
            const y = grid.top + (row - grid.firstRow + 0.5) * grid.cellHeight;
            const rightEdge = grid.width - 2, bottomEdge = grid.height - 2;
            // (the first visible cells may be half behind the names)
            const firstRow = grid.firstRow + (grid.scrolled[1] ? 1 : 0), firstColumn = grid.firstColumn + (grid.scrolled[0] ? 1 : 0);
            const right = column === 0 ? 0 : column < firstColumn ? x - grid.left - 2 * grid.cellWidth : x > rightEdge ? x - rightEdge + grid.cellWidth : 0;
            const down = row < firstRow ? y - grid.top - 2 * grid.cellHeight : y > bottomEdge ? y - bottomEdge + grid.cellHeight : 0;

            if (!right && !down)
                return [grid.x + x, grid.y + y];
            await this.page.wheel(grid.x + grid.width / 2, grid.y + grid.height / 2, right, down);
        }
        throw new Error(`cell ${row}, ${column} can't be scrolled to`);
    }
    async pointAt(row, column) {
        await this.page.point(...await this.place(row, column));
        await this.page.settled();
        return this.tip();
    }

    // The texts of the elements of something, from the whole to the least.
    texts(selector) {
        return this.page.evaluate(wanted => {
            const element = document.querySelector(wanted);
            const style = getComputedStyle(element);

            if (element.hidden || style.display === 'none' || style.visibility === 'hidden')
                return [];
            return [element, ...element.querySelectorAll('*')].map(one => one.textContent);
        }, selector);
    }
    tip() {
        return this.texts('#tip');
    }
    legend() {
        return this.page.evaluate(() => Object.fromEntries([...document.querySelectorAll('#legend button[aria-pressed]')]
            .map(button => [button.dataset.key, +button.querySelector('.count').textContent.replace(/[^0-9]/g, '')])));
    }
    options(selector) {
        return this.page.evaluate(wanted => [...document.querySelector(wanted).options].filter(option => !option.disabled).map(option => option.value), selector);
    }
    // The cells of the table of what is selected.
    jobs() {
        return this.page.evaluate(() => [...document.querySelectorAll('#jobs tbody tr')].map(row => [...row.cells].map(cell => cell.textContent)));
    }
    // Tables of counts and the heading, which are there without JavaScript.
    counts() {
        return this.page.evaluate(() => Object.fromEntries([...document.querySelectorAll('table.counts')].map(table => [table.id,
            Object.fromEntries([...table.tBodies[0].rows].map(row => [row.cells[0].textContent, +row.cells[1].textContent]))])));
    }
    // What the page is made of: names of elements, and of their attributes.
    parts() {
        return this.page.evaluate(() => {
            const all = [...document.querySelectorAll('*')];

            return {
                elements: [...new Set(all.map(one => one.localName))].sort(),
                attributes: [...new Set(all.flatMap(one => one.getAttributeNames().map(name => `${one.localName} ${name}`)))].sort(),
                scripts: document.scripts.length,
                comments: document.createTreeWalker(document, NodeFilter.SHOW_COMMENT).nextNode() !== null,
            };
        });
    }
    backgroundOfPage() {
        return this.page.evaluate(() => getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor);
    }
}

// ---- what a plan is to look like --------------------------------------------------------

const [TARGET, SYMBOL, ROUTE, TYPE, PRIORITY, STATE, REASON] = [0, 1, 2, 3, 4, 5, 6]; // of a job
const CHANGE = 2, ROUTE_BEFORE = 3, ROUTE_AFTER = 4, REASON_BEFORE = 5, REASON_AFTER = 6; // of a comparison's

class Expected {
    constructor(path) {
        Object.assign(this, JSON.parse(Buffer.from(readFileSync(path, 'latin1'), 'base64').toString('utf8')));
        this.byTarget = group(this.jobs, job => job[TARGET]);
        this.bySymbol = group(this.jobs, job => job[SYMBOL]);
        this.targets = [...this.byTarget.keys()].sort(compareNames);
        this.symbols = [...this.bySymbol.keys()].filter(symbol => symbol !== null).sort(compareNames);
    }
    blocked(jobs) {
        return jobs.filter(job => job[TYPE] === 'blocked').length;
    }
    rows(order, filter = '') {
        return this.ordered(this.filtered(this.targets, this.symbols, filter), this.byTarget, order);
    }
    // with the pooled model
    columns(order, filter = '') {
        return [null, ...this.ordered(this.filtered(this.symbols, this.targets, filter), this.bySymbol, order)];
    }
    // Of targets and symbols those that contain it; of one kind all, if only the other has such.
    filtered(names, others, filter) {
        const matches = list => list.filter(name => name.toLowerCase().includes(filter.toLowerCase()));

        return matches(names).length > 0 || matches(others).length === 0 ? matches(names) : names;
    }
    ordered(names, jobsOf, order) {
        const number = {
            name: () => 0,
            blocked: name => this.blocked(jobsOf.get(name)),
            jobs: name => this.kind === 'comparison' ? jobsOf.get(name).filter(job => job[CHANGE] !== 'same').length : jobsOf.get(name).length,
            pooled: name => jobsOf.get(name).some(job => job[SYMBOL] === null) ? 0 : 1,
        }[order];

        return names.map((name, place) => [name, number(name), place]).sort((a, b) => b[1] - a[1] || a[2] - b[2]).map(([name]) => name);
    }
    job(target, symbol) {
        return this.byTarget.get(target)?.find(job => job[SYMBOL] === symbol);
    }
}

function group(list, keyOf) {
    const groups = new Map();

    for (const one of list) {
        const key = keyOf(one);

        if (!groups.has(key))
            groups.set(key, []);
        groups.get(key).push(one);
    }
    return groups;
}

function without0(counts) {
    return Object.fromEntries(Object.entries(counts ?? {}).filter(([, number]) => number > 0).sort());
}

// Is a job what the texts of a tip say?
function tipSays(all, texts, job, kind) {
    const what = [job[TARGET], job[SYMBOL]];

    all.has(texts, job[TARGET], what);
    all.has(texts, job[SYMBOL] ?? 'pooled model', what);
    if (kind === 'comparison') {
        all.is(texts.some(text => job[CHANGE] === 'same' ? /^same as before$/.test(text) : text === job[CHANGE]), true, [...what, job[CHANGE], texts[0]]);
        for (const route of [job[ROUTE_BEFORE], job[ROUTE_AFTER]].filter(route => route !== null))
            all.is(texts.some(text => text.startsWith(`${route}, `)), true, [...what, route]);
        for (const reason of [job[REASON_BEFORE], job[REASON_AFTER]].filter(reason => reason !== null))
            all.has(texts, reason, what);
    } else {
        for (const value of [job[ROUTE], job[TYPE], String(job[PRIORITY]), job[STATE], job[REASON]].filter(value => value !== null))
            all.has(texts, value, what);
    }
}

// A job as the table has it.
function lineOf(job, states = true, reasons = true) {
    return [job[TARGET], job[SYMBOL] ?? 'pooled model', job[TYPE], job[ROUTE], String(job[PRIORITY]), ...states ? [job[STATE]] : [], ...reasons ? [job[REASON] ?? ''] : []];
}

// Pointing at cells: some that have jobs, and one that has none.
async function point(map, expected, n, rowOrder, columnOrder, filter) {
    const rows = expected.rows(rowOrder, filter), columns = expected.columns(columnOrder, filter);
    const rowOf = new Map(rows.map((name, place) => [name, place])), columnOf = new Map(columns.map((name, place) => [name, place]));
    const jobs = expected.jobs.filter(job => rowOf.has(job[TARGET]) && columnOf.has(job[SYMBOL]));
    const all = new All(`pointing at cells says their jobs, rows by ${rowOrder}, columns by ${columnOrder}${filter ? ', filtered' : ''}`);

    for (const job of some(jobs, n))
        tipSays(all, await map.pointAt(rowOf.get(job[TARGET]), columnOf.get(job[SYMBOL])), job, expected.kind);
    for (let tries = 0; tries < 50; tries++) {
        const row = random(rows.length), column = random(columns.length);

        if (!expected.job(rows[row], columns[column])) {
            const texts = await map.pointAt(row, column);

            all.has(texts, rows[row], 'a cell without a job');
            all.has(texts, columns[column] ?? 'pooled model', 'a cell without a job');
            all.is(texts.some(text => /^no job/.test(text)), true, 'a cell without a job');
            break;
        }
    }
    all.end();
}

// ---- the tests of a page -----------------------------------------------------------------

async function saysFacts(browser, name, expected) {
    about = name;

    const page = (await MapPage.open(browser, join(folder, `${name}.html`), { scripts: false }));
    const counts = await page.counts();
    const facts = await page.texts('body');

    is(await page.page.evaluate(() => document.querySelector('h1').textContent), expected.title, 'without JavaScript its heading is there');
    is(await page.page.evaluate(() => document.title), expected.title, 'and its title');
    if (expected.kind === 'plan') {
        is(without0(counts['by-route']), without0(expected.by_route), 'and jobs by route');
        is(without0(counts['by-type']), without0(expected.by_type), 'and jobs by type');
        is(without0(counts['by-priority']), without0(expected.by_priority), 'and jobs by priority');
        for (const fact of expected.facts.filter(value => value !== null))
            ok(facts.includes(fact), `and the fact ${shown(fact)}`, facts[0]);
        if (expected.families)
            ok(facts.includes(expected.families.join(', ')), 'and the families', facts[0]);
    } else {
        const [line] = await page.texts('.counts-line'), { added = 0, removed = 0, changed = 0, same = 0 } = expected.by_change;

        is(line, `${added} added, ${removed} removed, ${changed} changed, ${same} as before`, 'and how many jobs are added, removed, changed');
    }
    is(await page.page.evaluate(() => getComputedStyle(document.querySelector('#picture')).display), 'none', 'and no map that does not work');
    is(page.page.complaints(), [], 'and nothing is complained of');
    await page.page.close();
}

async function saysJobs(map, expected, { points, states = true }) {
    const legend = await map.legend();

    if (expected.kind === 'comparison') {
        is(without0(legend), without0(expected.by_change), 'the legend counts changes');
        is(await map.options('#color'), ['change'], 'colours are of changes');
    } else {
        is(without0(legend), without0(expected.by_route), 'the legend counts jobs by route');
        is(await map.options('#color'), states ? ['route', 'state'] : ['route'], `colour by state is ${states ? '' : 'not '}offered`);
        if (states) {
            await map.page.choose('#color', 'state');
            is(without0(await map.legend()), without0(expected.by_state), 'the legend counts jobs by state');
            await map.page.choose('#color', 'route');
        }
    }
    await map.zoomIn();
    await point(map, expected, points, 'name', 'name');
}

async function orders(map, expected, points, orders = [['blocked', 'name'], ['name', 'blocked'], ['jobs', 'jobs'], ['pooled', 'blocked']]) {
    for (const [row, column] of orders) {
        await map.page.choose('#row-order', row);
        await map.page.choose('#column-order', column);
        await point(map, expected, points, row, column);
    }
    await map.page.choose('#row-order', 'name');
    await map.page.choose('#column-order', 'name');
}

async function filters(map, expected, texts) {
    for (const text of texts) {
        await map.page.evaluate(value => {
            const input = document.querySelector('#filter');

            input.value = value;
            input.dispatchEvent(new Event('input', { bubbles: true }));
        }, text);
        // (it waits until nothing more is typed)
        await new Promise(done => setTimeout(done, 250));

        const rows = expected.rows('name', text), columns = expected.columns('name', text);

        if (text && rows.length && columns.length > 1) {
            await map.page.focus('#map');
            await map.page.press('End', { ctrl: true });
            await map.page.settled();

            const last = await map.tip();

            ok(last.includes(rows[rows.length - 1]) && last.includes(columns[columns.length - 1]), `the last target and symbol that contain ${shown(text)}`, [last[0], rows[rows.length - 1], columns[columns.length - 1]]);
            await map.page.press('Home', { ctrl: true });
            await map.page.press('ArrowRight');
            await map.page.settled();

            const first = await map.tip();

            ok(first.includes(rows[0]) && first.includes(columns[1]), `and the first ones of ${shown(text)}`, [first[0], rows[0], columns[1]]);
        } else if (text) {
            ok((await map.texts('#note'))[0].includes('No name contains'), `nothing contains ${shown(text)}`, await map.texts('#note'));
        }
    }
}

async function keyboard(map, expected) {
    const rows = expected.rows('name'), columns = expected.columns('name'), { page } = map;
    const [lastRow, lastColumn] = [rows.length - 1, columns.length - 1];
    const all = new All('keys move from cell to cell');
    let row = 0, column = 0;
    const press = async (key, held, toRow, toColumn) => {
        await page.press(key, held);
        await page.settled();
        [row, column] = [Math.max(0, Math.min(toRow, lastRow)), Math.max(0, Math.min(toColumn, lastColumn))];

        const texts = await map.tip(), [status] = await map.texts('#status');

        all.has(texts, rows[row], `${key} to ${row}, ${column}`);
        all.has(texts, columns[column] ?? 'pooled model', `${key} to ${row}, ${column}`);
        all.is(status.includes(rows[row]), true, `${key}: what is read aloud, ${status}`);
    };

    ok(await page.focus('#map'), 'the map can have the focus');
    await press('Home', { ctrl: true }, 0, 0);
    await press('ArrowUp', {}, -1, 0);
    await press('ArrowLeft', {}, 0, -1);
    await press('ArrowDown', {}, 1, 0);
    await press('ArrowRight', {}, 1, 1);
    await press('ArrowRight', {}, 1, 2);
    await press('End', {}, 1, lastColumn);
    await press('ArrowRight', {}, 1, lastColumn + 1);
    await press('Home', {}, 1, 0);
    await press('End', { ctrl: true }, lastRow, lastColumn);
    await press('ArrowDown', {}, lastRow + 1, lastColumn);
    for (let times = 0; times < 30; times++) {
        const [key, down, right] = [['ArrowUp', -1, 0], ['ArrowDown', 1, 0], ['ArrowLeft', 0, -1], ['ArrowRight', 0, 1]][random(4)];

        await press(key, {}, row + down, column + right);
    }
    all.end();

    // selecting, by keys
    const job = expected.jobs[random(expected.jobs.length)];
    const at = [rows.indexOf(job[TARGET]), columns.indexOf(job[SYMBOL])];
    const go = async () => {
        await page.press('Home', { ctrl: true });
        for (let n = 0; n < at[0]; n++)
            await page.press('ArrowDown');
        for (let n = 0; n < at[1]; n++)
            await page.press('ArrowRight');
    };
    const states = expected.by_state !== undefined && job[STATE] !== undefined;
    const lines = jobs => jobs.map(one => lineOf(one, states));
    const inOrder = jobs => [...jobs].sort((a, b) => rows.indexOf(a[TARGET]) - rows.indexOf(b[TARGET]) || columns.indexOf(a[SYMBOL]) - columns.indexOf(b[SYMBOL]));

    await go();
    await page.press('Enter');
    is(await map.jobs(), lines([job]), 'Enter lists the job of the cell');
    await page.press('Escape');
    is((await map.texts('#selected')).length, 0, 'Escape selects nothing');
    await page.press(' ', { shift: true });
    is(await map.jobs(), lines(inOrder(expected.byTarget.get(job[TARGET]))).slice(0, 300), 'Shift and Space list the jobs of the target');
    await page.press('Escape');
    await page.press(' ', { ctrl: true });
    is(await map.jobs(), lines(inOrder(expected.bySymbol.get(job[SYMBOL]))).slice(0, 300), 'Ctrl and Space list the jobs of the symbol');
    await page.press('Escape');
    await page.press('Home', { ctrl: true });
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight'])
        await page.press(key, { shift: true });
    is(await map.jobs(), lines(inOrder(expected.jobs.filter(one => rows.indexOf(one[TARGET]) <= 2 && columns.indexOf(one[SYMBOL]) <= 2))), 'Shift and arrows list the jobs of a rectangle');
    await page.press('a', { ctrl: true });
    is((await map.jobs()).length, Math.min(300, expected.jobs.length), 'Ctrl and A list all jobs, or as many as can be read');
    await page.press('Escape');
}

// What is selected with the mouse is listed.
async function selects(map, expected) {
    const rows = expected.rows('name'), columns = expected.columns('name');
    const [top, left, bottom, right] = [1, 1, Math.min(4, rows.length - 1), Math.min(5, columns.length - 1)];
    const first = await map.place(top, left), second = await map.place(bottom, right);

    await map.page.drag([first, [(first[0] + second[0]) / 2, first[1]], second]);

    const wanted = [];

    for (let row = top; row <= bottom; row++) {
        for (let column = left; column <= right; column++)
            wanted.push(...[expected.job(rows[row], columns[column])].filter(Boolean));
    }
    is(await map.jobs(), wanted.map(job => lineOf(job)), 'dragging over a rectangle lists its jobs');
    await map.page.click(...await map.place(bottom, left));
    is((await map.jobs()).length, expected.job(rows[bottom], columns[left]) ? 1 : 0, 'clicking on a cell lists its job');

    const grid = await map.grid();

    await map.page.click(grid.x + grid.pooledLeft / 2, (await map.place(bottom, 0))[1]);
    is((await map.jobs()).map(line => line[0]), expected.byTarget.get(rows[bottom]).map(() => rows[bottom]), "clicking on a target's name lists its jobs");
    await map.page.focus('#map');
    await map.page.press('Escape');
}

// The colour of a cell near its corner, where no letter is.
function colourOf(map, [x, y]) {
    return map.page.evaluate((left, top) => {
        const canvas = document.querySelector('#cells'), { x, y, width } = canvas.getBoundingClientRect();
        const scale = canvas.width / width, point = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });

        point.drawImage(canvas, -Math.floor((left - x) * scale), -Math.floor((top - y) * scale));
        return [...point.getImageData(0, 0, 1, 1).data].slice(0, 3).join();
    }, x, y);
}
async function coloursByKey(map, expected, keyAt) {
    const rows = expected.rows('name'), columns = expected.columns('name');
    const { cellWidth, cellHeight, pooledWidth } = await map.grid();
    const colours = new Map();
    const all = new All('cells of a kind have one colour');

    for (const [key, jobs] of group(expected.jobs, job => job[keyAt])) {
        for (const job of some(jobs, 5)) {
            const column = columns.indexOf(job[SYMBOL]);
            const [x, y] = await map.place(rows.indexOf(job[TARGET]), column);
            const colour = await colourOf(map, [x - (column ? cellWidth : pooledWidth) / 2 + 2, y - cellHeight / 2 + 2]);

            colours.set(key, colours.get(key) ?? colour);
            all.is(colour, colours.get(key), [key, job[TARGET], job[SYMBOL]]);
        }
    }
    all.end();
    is(new Set(colours.values()).size, colours.size, 'and each kind its own');
    return colours;
}

async function colours(map, expected) {
    const { page } = map;
    const light = await coloursByKey(map, expected, ROUTE), background = await map.backgroundOfPage();

    await page.emulate({ dark: true });
    await page.settled();

    const dark = await coloursByKey(map, expected, ROUTE);

    ok(await map.backgroundOfPage() !== background, 'in the dark the background is another', background);
    ok([...dark].every(([key, colour]) => colour !== light.get(key)), 'and so are all colours', [...dark, ...light]);
    await page.emulate({ dark: false });
    await page.settled();
    is([...await coloursByKey(map, expected, ROUTE)], [...light], 'and in the light what they were');
    await page.choose('#color', 'state');
    await coloursByKey(map, expected, STATE);
    await page.choose('#color', 'route');

    // the legend hides and shows
    const hidden = 'ROUTE_BOTH';

    await page.clickOn(`#legend button[data-key=${hidden}]`);
    await page.settled();
    is(await page.evaluate(key => document.querySelector(`#legend button[data-key=${key}]`).getAttribute('aria-pressed'), hidden), 'false', 'the legend hides a route');
    is([...await coloursByKey(map, expected, ROUTE)].filter(([key, colour]) => colour !== light.get(key)).map(([key]) => key), [hidden], 'which is faint then, and no other');
    await page.focus('#map');
    await page.press('a', { ctrl: true });
    is((await map.jobs()).length, expected.jobs.filter(job => job[ROUTE] !== hidden).length, 'and not listed');
    await page.press('Escape');
    await page.focus(`#legend button[data-key=${hidden}]`);
    await page.press(' ');
    await page.settled();
    is([...await coloursByKey(map, expected, ROUTE)], [...light], 'and shows it again, by the keyboard');
}

async function prints(map, expected, pages) {
    const { page } = map;
    const shown = selector => page.evaluate(wanted => [...document.querySelectorAll(wanted)].filter(one => one.getClientRects().length > 0 && getComputedStyle(one).visibility === 'visible').length, selector);

    await page.emulate({ media: 'print' });
    await page.settled();
    ok(await shown('h1') === 1 && (expected.kind === 'plan' ? await shown('.facts dd') >= 5 && await shown('table.counts') === 3 : await shown('.counts-line') === 1), 'on paper facts and counts are shown');
    ok(await shown('#legend button') > 0 && await shown('canvas') > 0, 'and the legend and the map');
    is(await shown('select, input, #tip'), 0, 'and nothing to choose from');
    await page.emulate({ media: '' });
    await page.settled();

    const paper = await page.pdf();
    const count = paper.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;

    ok(count >= 1 && count <= pages, `it is printed on ${pages} pages at most`, `${count} pages, ${paper.length} bytes`);
    await page.settled();
    await point(map, expected, 3, 'name', 'name');
}

async function opensOnPhone(browser, name, expected) {
    const map = await MapPage.open(browser, join(folder, `${name}.html`), { width: 390, height: 844, scale: 2, phone: true });

    is(await map.page.evaluate(() => document.documentElement.scrollWidth), 390, 'on a phone it is as wide as the phone');
    await map.zoomIn();

    const job = expected.jobs.find(one => one[SYMBOL] !== null);
    const rows = expected.rows('name'), columns = expected.columns('name');

    await map.page.tap(...await map.place(rows.indexOf(job[TARGET]), columns.indexOf(job[SYMBOL])));
    await map.page.settled();

    const all = new All('where a finger taps, the job is told');

    tipSays(all, await map.tip(), job, expected.kind);
    all.end();
    is(map.page.complaints(), [], 'and nothing is complained of');
    await map.page.close();
}

// Every name is read in the table, exactly as it is, of rows and columns with many jobs.
async function readsNames(map, expected, least) {
    const rows = expected.rows('name'), columns = expected.columns('name');
    const lines = new All('every name and reason is listed as it is'), seen = new Set();

    for (const [jobsOf, names, keys] of [[expected.byTarget, rows, { shift: true }], [expected.bySymbol, columns, { ctrl: true }]]) {
        for (const [name, jobs] of [...jobsOf].filter(([key, all]) => key !== null && all.length >= least)) {
            const at = names.indexOf(name), job = jobs[random(jobs.length)];
            const [row, column] = names === rows ? [at, columns.indexOf(job[SYMBOL])] : [rows.indexOf(job[TARGET]), at];

            await map.page.click(...await map.place(row, column));
            await map.page.press(' ', keys);

            const wanted = [...jobs].sort((a, b) => rows.indexOf(a[TARGET]) - rows.indexOf(b[TARGET]) || columns.indexOf(a[SYMBOL]) - columns.indexOf(b[SYMBOL]));
            const listed = await map.jobs();

            wanted.forEach((one, n) => lines.is(listed[n], lineOf(one), [one[TARGET], one[SYMBOL]]));
            for (const line of listed)
                seen.add(line[0]).add(line[1]);
            await map.page.press('Escape');
        }
    }
    lines.end();

    const missing = [...rows, ...columns].filter(one => one !== null && !seen.has(one));

    ok(missing.length === 0, `all ${rows.length + columns.length - 1} names were read`, `${missing.length} are missing: ${shown(missing[0])}`);
}

// ---- all of it --------------------------------------------------------------------------

const plain = {}; // what an ordinary page is made of

async function look(browser, name, test) {
    if (only.length && !only.includes(name))
        return;

    const path = name === 'sample' ? template : join(folder, `${name}.html`);
    const expected = name === 'sample' ? null : new Expected(join(folder, `${name}.json`));

    about = name;
    if (name !== 'sample')
        await saysFacts(browser, name, expected);
    try {
        const map = await MapPage.open(browser, path);

        await test(map, expected);
        is(map.page.complaints(), [], 'nothing is complained of, and nothing is asked for');
        is(map.page.requests.filter(request => !request.url.startsWith('data:')).length, 1, 'it is the only thing that was read');

        const parts = await map.parts();

        plain[expected?.kind ?? name] ??= parts;
        if (name !== 'sample') {
            const known = plain[expected.kind];

            is(parts.scripts, 2, 'it has its script and its data');
            is(parts.elements.filter(one => !known.elements.includes(one)), [], 'elements are those that an ordinary page has');
            is(parts.attributes.filter(one => !known.attributes.includes(one) && !/ hidden$/.test(one)), [], 'and so are attributes');
        }
        await map.page.close();
    } catch (error) {
        ok(false, 'looking at it', error.stack);
    }
}

await withBrowser(async browser => {
    await look(browser, 'sample', async map => {
        const counts = await map.counts();

        is(without0(await map.legend()), without0(counts['by-route']), 'its legend counts what its tables do');
        await map.page.focus('#map');
        await map.page.press('ArrowDown');
        await map.page.settled();
        ok((await map.tip()).includes('pooled model'), 'the keyboard works', await map.tip());
    });
    await look(browser, 'example', async (map, expected) => {
        await saysJobs(map, expected, { points: 40 });
        await orders(map, expected, 15);
        await filters(map, expected, ['_5D', 'ftse', 'a', 'there is none', '']);
        await keyboard(map, expected);
        await selects(map, expected);
        await colours(map, expected);
        await prints(map, expected, 3);
        await opensOnPhone(browser, 'example', expected);
    });
    await look(browser, 'reader', (map, expected) => {
        for (const job of expected.jobs)
            job[STATE] = null;
        return saysJobs(map, expected, { points: 10, states: false });
    });
    await look(browser, 'comparison', async (map, expected) => {
        await saysJobs(map, expected, { points: 40 });
        await orders(map, expected, 10, [['jobs', 'name'], ['name', 'jobs']]);
        await prints(map, expected, 3);
    });
    await look(browser, 'awkward', async (map, expected) => {
        await saysJobs(map, expected, { points: 30 });
        await orders(map, expected, 10);
        await readsNames(map, expected, 1);
    });
    await look(browser, 'hostile', async (map, expected) => {
        await saysJobs(map, expected, { points: 60 });
        await orders(map, expected, 10);
        await readsNames(map, expected, 30);
        await filters(map, expected, [...some(expected.targets, 10), ...some(expected.symbols, 10)].filter(name => !/[\x00-\x1f\x7f]/.test(name)));
        await filters(map, expected, ['']);
        await prints(map, expected, 100);
    });
    await look(browser, 'hostile_comparison', async (map, expected) => {
        await saysJobs(map, expected, { points: 60 });
        await orders(map, expected, 10, [['jobs', 'name'], ['name', 'jobs']]);
    });
    await look(browser, 'sparse', async (map, expected) => {
        await saysJobs(map, expected, { points: 10 });
        await prints(map, expected, 5);
    });
    await look(browser, 'wide', async (map, expected) => {
        for (const job of expected.jobs)
            job[REASON] = null; // a plan of more than 100,000 jobs, which the page leaves out
        await saysJobs(map, expected, { points: 20 });
        await orders(map, expected, 5);
    });
    await look(browser, 'pooled', (map, expected) => saysJobs(map, expected, { points: 10 }));
    await look(browser, 'one', (map, expected) => saysJobs(map, expected, { points: 5 }));
    await look(browser, 'one', async (map, expected) => {
        // what would be if something of a name became markup after all
        const { page } = map;

        await page.evaluate(async () => {
            const script = document.createElement('script'), button = document.createElement('button'), picture = document.createElement('img');

            script.textContent = 'window.ran = "a script"';
            button.setAttribute('onclick', 'window.ran = "a handler"');
            picture.src = 'http://picture.example/';
            document.body.append(script, button, picture);
            button.click();
            await fetch('http://data.example/').catch(() => {});
        });
        await page.settled();
        is(await page.evaluate(() => window.ran ?? 'nothing'), 'nothing', 'the policy lets no script in');
        is([...new Set(page.violations.map(line => line.split(' ')[0]))].sort(), ['connect-src', 'img-src', 'script-src-attr', 'script-src-elem'], 'and no request out');
        for (const list of [page.console, page.violations])
            list.length = 0;
        page.requests = page.requests.filter(request => !request.failed && !request.url.startsWith('http'));
        await page.evaluate(() => document.querySelectorAll('body > script:not([id]):last-of-type, body > button, body > img').forEach(one => one.remove()));
    });
    await look(browser, 'none', async map => {
        ok((await map.texts('#note'))[0].includes('no jobs'), 'it says that there are none', await map.texts('#note'));
    });
});
