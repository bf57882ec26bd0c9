// Looks at pages with maps of plans: node map_page.mjs TEMPLATE FOLDER
//
// FOLDER has pages NAME.html and, in NAME.json, what they are to say, JSON in base64
// (test/t/035_map_page.pl makes both).  Prints a line a test, "ok NAME" or "not ok NAME: WHY".
// The queries that pages show are run by psql, whose variables say where the database is.
import { spawnSync } from 'node:child_process';
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

    return text.slice(0, 20000).replace(/(.{1,3}?)\1{20,}/gu, '$1...').replace(/[^\x20-\x7e]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).slice(0, 600);
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
const SERVER = 7, PLAN = 8; // of a job of a run
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
    if (expected.kind !== 'comparison') {
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

// ---- queries ---------------------------------------------------------------------------------

// What queries tell, each as rows, one after the other in one session; and once more as they
// are, as if somebody had pasted them.
function ask(queries, { database, conforming = true } = {}) {
    const script = queries.map(query => `SELECT translate(encode(convert_to(coalesce(json_agg(a), '[]')::text, 'UTF8'), 'base64'), chr(10), '') FROM answer($the_query$${query}$the_query$) AS a;
\\o /dev/null
${query}
\\o
`).join('');
    const { status, stdout, stderr } = spawnSync('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', ...database ? ['-d', database] : []],
        { input: `SET standard_conforming_strings = ${conforming ? 'on' : 'off'};\nSET escape_string_warning = ${conforming ? 'on' : 'off'};\n${script}`, encoding: 'utf8', maxBuffer: 1 << 30 });

    if (status !== 0 || /WARNING/.test(stderr))
        throw new Error(`psql: ${shown(stderr)}`);
    return stdout.trim().split('\n').map(line => JSON.parse(Buffer.from(line, 'base64').toString('utf8')));
}

// Selects from a cell to another and says what the page shows of it; and what is selected,
// since cells may share a pixel.
function choose(map, how, from, to) {
    return map.page.evaluate((how, from, to) => {
        const text = id => document.getElementById(id).hidden ? null : document.getElementById(id).textContent;

        select(how, from, to);
        return { range: selection(), query: text('query'), more: text('more') };
    }, how, from, to);
}

// What a row tells that a query gives, of a job.
function told(row, kind) {
    if (kind === 'comparison')
        return [row.target, row.symbol, row.change, row.before?.route ?? null, row.after?.route ?? null, row.reason_before, row.reason_after];
    return 'target' in row ? [row.target, row.symbol, row.route, row.priority, row.reason] : [row.reason];
}

// A run's query is one for each server, behind a comment that names it.
function askRun(asked, expected, conforming) {
    const parts = asked.flatMap(({ query }, n) => query.split('\n\n').map(text => ({ n, text, server: /^-- on server (.*)$/m.exec(text)[1] })));
    const servers = [...new Set(parts.map(part => part.server))];
    const names = ask(servers.map(server => `SELECT ${server} AS name;`), { conforming }).map(([row]) => row.name);
    const answers = asked.map(() => []);

    servers.forEach((server, at) => {
        const here = parts.filter(part => part.server === server);

        ask(here.map(part => part.text), { conforming, database: expected.databases[names[at]] }).forEach((rows, n) => answers[here[n].n].push(...rows));
    });
    // (in one order, as if there were one server)
    return answers.map(rows => rows.sort((a, b) => compareNames(a.target ?? '', b.target ?? '') || compareNames(a.symbol ?? '', b.symbol ?? '')));
}

// Of selections of every kind, the page's query tells the jobs that are selected, or is not
// shown.  views: how the map is arranged, and what is hidden.  must: it is shown where nothing
// is hidden.
async function queries(map, expected, views, { reasons = false, must = true, times = 2 } = {}) {
    const { page } = map;
    const right = new All('queries tell the jobs that are selected'), there = new All('a query is shown'), asked = [];

    if (!reasons)
        await page.evaluate('data.reasons = false'); // as if there were too many jobs for reasons
    for (const { rows: rowOrder = 'name', columns: columnOrder = 'name', filter = '', colour = expected.kind === 'comparison' ? 'change' : 'route', hide = [] } of views) {
        await page.choose('#color', colour);
        await page.choose('#row-order', rowOrder);
        await page.choose('#column-order', columnOrder);
        await page.evaluate((text, keys) => {
            document.querySelector('#filter').value = text;
            rearrange();
            for (const button of document.querySelectorAll('#legend button')) {
                if (keys.includes(button.dataset.key) === (button.getAttribute('aria-pressed') === 'true'))
                    button.click();
            }
        }, filter, hide);

        const rows = expected.rows(rowOrder, filter), columns = expected.columns(columnOrder, filter);
        const keyAt = expected.kind === 'comparison' ? CHANGE : colour === 'state' ? STATE : ROUTE;
        const seen = expected.jobs.filter(job => !hide.includes(job[keyAt] ?? 'unknown'));
        const lastRow = rows.length - 1, lastColumn = columns.length - 1;
        const at = (row, place) => ({ row: Math.max(0, Math.min(row, lastRow)), place: Math.max(0, Math.min(place, lastColumn)) });
        const any = () => at(random(rows.length), random(columns.length));
        const corner = at(0, 0), selections = [['cells', corner, at(lastRow, lastColumn)], ['columns', corner, corner], ['cells', at(0, 1), at(lastRow, lastColumn)]];

        if (rows.length === 0)
            continue;
        for (let n = 0; n < times; n++) {
            const job = seen[random(seen.length)], cell = at(rows.indexOf(job?.[TARGET]), columns.indexOf(job?.[SYMBOL])), first = any();

            selections.push(['cells', cell, cell], ['rows', cell, cell], ['columns', cell, cell], ['cells', first, any()], ['rows', any(), any()], ['columns', any(), any()],
                ['rows', first, at(first.row + 4, 0)], ['columns', first, at(0, first.place + 5)], ['cells', first, at(first.row + 1, first.place + 2)], ['cells', at(first.row, 0), at(first.row + 2, 3)],
                ['cells', first, at(first.row + 250, first.place + 250)]);
        }
        for (const [how, from, to] of selections) {
            const { range, query, more } = await choose(map, how, from, to);
            const chosenRows = new Set(rows.slice(range.row0, range.row1 + 1)), chosenColumns = new Set(columns.slice(range.place0, range.place1 + 1));
            const jobs = seen.filter(job => chosenRows.has(job[TARGET]) && chosenColumns.has(job[SYMBOL]));
            const what = [rowOrder, columnOrder, filter, hide, how, from, to].map(one => JSON.stringify(one)).join(' ');

            if (!query) {
                right.is(/This tells all/.test(more ?? ''), false, what);
                if (must && jobs.length && hide.length === 0 && !filter && (rowOrder === 'name' || chosenRows.size <= 200) && (columnOrder === 'name' || chosenColumns.size <= 200))
                    there.is(query, 'a query', what);
                continue;
            }
            there.is(/This tells all/.test(more), true, what);
            // (of what takes long, few)
            if (jobs.length < 10000 || asked.every(one => one.jobs.length < 10000))
                asked.push({ query, jobs, what });
        }
    }
    await page.evaluate('clearSelection()');
    for (const conforming of [true, false]) {
        const answers = expected.kind === 'run' ? askRun(asked, expected, conforming) : ask(asked.map(({ query }) => query), { conforming });

        asked.forEach(({ jobs, what }, n) => {
            const reasonAlone = answers[n].length > 0 && !('target' in answers[n][0]);
            const wanted = expected.kind === 'comparison' ? jobs.filter(job => job[CHANGE] !== 'same')
                : jobs.map(job => reasonAlone ? [job[REASON]] : [job[TARGET], job[SYMBOL], job[ROUTE], job[PRIORITY], job[REASON]]);

            right.is(answers[n].map(row => told(row, expected.kind)), wanted, what);
        });
    }
    right.end();
    there.end();
    if (!reasons)
        await page.evaluate(value => { data.reasons = value; }, expected.has_reasons ?? true);
    return asked.length;
}

// ---- all of it --------------------------------------------------------------------------

// How a comparison is arranged for its queries.
const comparisonViews = [{}, { rows: 'jobs', columns: 'jobs' }, { filter: 't' }, { hide: ['same'] }, { hide: ['added', 'changed'], columns: 'jobs' }, { hide: ['added', 'removed', 'changed'] }];

const plain = {}; // what an ordinary page is made of

async function look(browser, name, test) {
    if (only.length && !only.includes(name))
        return;

    const path = name === 'sample' ? template : join(folder, `${name}.html`);
    const expected = name === 'sample' ? null : new Expected(join(folder, `${name}.json`));

    about = name;
    if (name !== 'sample' && name !== 'long_routes') // (whose facts take long to lay out)
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
            is(parts.attributes.filter(one => !known.attributes.includes(one) && !/ (hidden|disabled)$/.test(one)), [], 'and so are attributes');
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
        await queries(map, expected, [{}, { rows: 'pooled', columns: 'blocked' }, { filter: '_5d' }, { filter: 'a', rows: 'jobs', columns: 'jobs' },
            { hide: ['ROUTE_BOTH'] }, { hide: ['ROUTE_BLOCKED', 'ROUTE_BOTH'], filter: 'fwd', columns: 'jobs' }, { colour: 'state', hide: ['blocked', 'succeeded'] }, { colour: 'state', hide: ['pending', 'running', 'waiting'], rows: 'blocked' }]);
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
        await queries(map, expected, comparisonViews, { must: false });
    });
    await look(browser, 'awkward', async (map, expected) => {
        await saysJobs(map, expected, { points: 30 });
        await orders(map, expected, 10);
        await readsNames(map, expected, 1);
        await queries(map, expected, [{}, { rows: 'jobs', columns: 'blocked' }, { filter: 'a' }, { hide: ['ROUTE_BLOCKED'] }]);
    });
    await look(browser, 'hostile', async (map, expected) => {
        await saysJobs(map, expected, { points: 60 });
        await orders(map, expected, 10);
        await readsNames(map, expected, 30);
        await filters(map, expected, [...some(expected.targets, 10), ...some(expected.symbols, 10)].filter(name => !/[\x00-\x1f\x7f]/.test(name)));
        await filters(map, expected, ['']);
        await prints(map, expected, 100);
        await queries(map, expected, [{}, { rows: 'jobs', columns: 'blocked' }, { filter: "'" }, { filter: '\\' }, { filter: '<' }, { columns: 'jobs', hide: ['ROUTE_BOTH'] }], { must: false, times: 6 });
    });
    await look(browser, 'hostile_comparison', async (map, expected) => {
        await saysJobs(map, expected, { points: 60 });
        await orders(map, expected, 10, [['jobs', 'name'], ['name', 'jobs']]);
        await queries(map, expected, comparisonViews, { must: false });
    });
    await look(browser, 'sparse', async (map, expected) => {
        await saysJobs(map, expected, { points: 10 });
        await prints(map, expected, 5);
    });
    await look(browser, 'wide', async (map, expected) => {
        for (const job of expected.jobs)
            [job.kept, job[REASON]] = [job[REASON], null]; // a plan of more than 100,000 jobs, which the page leaves out
        await saysJobs(map, expected, { points: 20 });
        await orders(map, expected, 5);
        for (const job of expected.jobs)
            job[REASON] = job.kept;
        await queries(map, expected, [{}, { columns: 'blocked', filter: '99' }, { hide: ['ROUTE_BOTH'], rows: 'blocked' }, { colour: 'state', hide: ['blocked'] }], { reasons: true, times: 1 });
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
    await look(browser, 'no_place', async (map, expected) => {
        await saysJobs(map, expected, { points: 30 });
        await queries(map, expected, [{}, { colour: 'state', hide: ['unknown'] }, { colour: 'state', hide: ['failed'] }, { colour: 'state', hide: ['pending', 'unknown'], rows: 'jobs' }, { colour: 'state', hide: ['blocked', 'failed', 'pending', 'waiting'] }]);
    });
    await look(browser, 'many_symbols', async (map, expected) => {
        ok((await map.texts('#note'))[0].includes(`${expected.left_out} jobs of more symbols than the map has columns for are not on it`), 'it says how many jobs are not on the map', await map.texts('#note'));
        is(without0(await map.legend()), { ROUTE_SYMBOL_SPECIFIC: expected.jobs.length }, 'and counts those that are');
        await map.page.choose('#color', 'state');
        await map.page.choose('#color', 'route');
        await queries(map, expected, [{}, { filter: 's1000' }, { columns: 'jobs' }], { reasons: true, times: 2, must: false });
    });
    await look(browser, 'many_classes', async (map, expected) => {
        const legend = await map.legend();

        is(legend, { ROUTE_SYMBOL_SPECIFIC: 1000, unknown: expected.jobs.length - 1000 }, 'jobs of more classes than are told apart are counted');
        await map.page.choose('#color', 'state');
        is(await map.legend(), { pending: 1000, unknown: expected.jobs.length - 1000 }, 'and so are their states');
        await map.page.choose('#color', 'route');
        await map.zoomIn();

        const all = new All('their reasons are where they belong');

        for (const job of [...some(expected.jobs, 30), ...some(expected.jobs.slice(1000), 30)]) {
            const texts = await map.pointAt(expected.rows('name').indexOf(job[TARGET]), expected.columns('name').indexOf(job[SYMBOL]));

            for (const value of [job[TARGET], job[SYMBOL], job[REASON]])
                all.has(texts, value, job);
        }
        all.end();
        await queries(map, expected, [{}, { hide: ['unknown'] }, { hide: ['ROUTE_SYMBOL_SPECIFIC'] }]);
    });
    await look(browser, 'many_classes_comparison', async (map, expected) => {
        const changed = expected.jobs.filter(job => job[CHANGE] !== 'same');
        const legend = await map.legend();

        is(Object.values(legend).reduce((a, b) => a + b), expected.jobs.length, 'all jobs are counted');
        ok(legend.unknown > 100, 'some are of more classes than are told apart', legend);
        await map.zoomIn();

        const all = new All('reasons are where they belong');

        for (const job of [...some(changed, 15), ...some(changed.slice(-Math.floor(changed.length / 3)), 15)]) {
            const texts = await map.pointAt(expected.rows('name').indexOf(job[TARGET]), expected.columns('name').indexOf(job[SYMBOL]));

            for (const value of [job[TARGET], job[SYMBOL], job[REASON_BEFORE], job[REASON_AFTER]].filter(value => value !== null))
                all.has(texts, value, job);
        }
        all.end();
        await queries(map, expected, comparisonViews.filter(view => !view.rows && !view.columns), { must: false });
    });
    await look(browser, 'long_routes', async (map, expected) => {
        is(Object.values(await map.legend()).reduce((a, b) => a + b), expected.jobs.length, 'all jobs are counted');
    });
    for (const name of ['long_reason', 'long_reason_comparison']) {
        await look(browser, name, async (map, expected) => {
            const long = expected.jobs.find(job => Math.max(...job.map(value => value?.length ?? 0)) > 1000000);
            const at = [expected.rows('name').indexOf(long[TARGET]), expected.columns('name').indexOf(long[SYMBOL])];

            await map.zoomIn();

            const texts = await map.pointAt(...at);

            ok(texts.includes('longer than this page can hold') && !texts.includes('false'), 'a reason that is too long is told as such', texts[0]);
            await map.page.click(...await map.place(...at));

            const [line] = await map.jobs();

            ok(line.includes('longer than this page can hold') && !line.includes('false'), 'in the table, too', line);

            const [query] = await map.texts('#query');

            ok(query, 'and there is a query for it', query);
            if (query)
                is(ask([query])[0].map(row => told(row, expected.kind)), [expected.kind === 'comparison' ? long : [long[REASON]]], 'which tells it');
            await point(map, { ...expected, jobs: expected.jobs.filter(job => job !== long), rows: () => expected.rows('name'), columns: () => expected.columns('name'), job: (...where) => expected.job(...where) }, 15, 'name', 'name');
            await queries(map, expected, expected.kind === 'comparison' ? comparisonViews : [{}, { rows: 'jobs' }], { must: false });
        });
    }
    await look(browser, 'run', async (map, expected) => {
        await saysJobs(map, expected, { points: 30, states: false });

        const all = new All('where jobs are is told');

        for (const job of some(expected.jobs, 20)) {
            const texts = await map.pointAt(expected.rows('name').indexOf(job[TARGET]), expected.columns('name').indexOf(job[SYMBOL]));

            all.has(texts, job[SERVER], job);
            all.has(texts, String(job[PLAN]), job);
        }
        all.end();
        await map.page.evaluate("select('cells', { row: 0, place: 0 }, { row: grid.rows - 1, place: grid.columns })");
        is(await map.jobs(), expected.jobs.map(job => [job[TARGET], job[SYMBOL] ?? 'pooled model', job[SERVER], String(job[PLAN]), job[TYPE], job[ROUTE], String(job[PRIORITY]), job[REASON] ?? '']).slice(0, 300), 'and in the table');
        await queries(map, expected, [{}, { rows: 'jobs', columns: 'blocked' }, { filter: 'a' }, { hide: ['ROUTE_BOTH'] }]);
    });
    await look(browser, 'none', async map => {
        ok((await map.texts('#note'))[0].includes('no jobs'), 'it says that there are none', await map.texts('#note'));
    });
});
