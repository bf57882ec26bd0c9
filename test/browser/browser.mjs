// Debian's Chromium without a window, for tests that look at pages as a browser does.
// Node 18 or later and nothing from npm: the browser is told what to do over two pipes,
// by its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).
//
//     import { withBrowser } from './browser.mjs';
//
//     await withBrowser(async browser => {
//         const page = await browser.open('/tmp/plan.html', { dark: true });
//
//         await page.point(200, 300);
//         console.log(await page.evaluate(() => document.querySelector('#tip').textContent));
//         await page.screenshot('/tmp/plan.png');
//         console.log(page.complaints());
//     });
//
// The browser has a folder of its own, reads no settings of the user, and ends with this
// program, however that ends.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const patience = 60000; // milliseconds until what does not answer is an error

const programArguments = [
    '--headless=new', '--remote-debugging-pipe', '--no-first-run', '--no-default-browser-check',
    '--disable-gpu', '--disable-dev-shm-usage', '--disable-extensions', '--disable-sync', '--mute-audio',
    '--disable-background-networking', '--disable-component-update', '--disable-default-apps',
    '--disable-breakpad', '--disable-crash-reporter', '--disable-domain-reliability',
    '--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication',
    '--disable-background-timer-throttling', '--disable-renderer-backgrounding',
    '--disable-backgrounding-occluded-windows', '--password-store=basic', '--force-color-profile=srgb',
    '--metrics-recording-only', '--no-pings', '--disable-popup-blocking', '--lang=en-US',
];

// Where the program is, or null.
export function findProgram() {
    return (process.env.PATH ?? '').split(delimiter).concat('/usr/bin')
        .map(folder => join(folder, 'chromium')).find(existsSync) ?? null;
}

// Calls work(browser), and ends the browser whatever comes of it.  Of the options, more are
// arguments for the program; without them, what scrolls is where it is to be at once.
export async function withBrowser(work, options) {
    const browser = await startBrowser(options);

    try {
        return await work(browser);
    } finally {
        await browser.close();
    }
}

// Chromium does not run its own sandbox as root, and not everybody else may make one
// (in containers, for instance).
export async function startBrowser(options = {}) {
    if (process.getuid() === 0)
        return Browser.start({ ...options, sandbox: false });
    try {
        return await Browser.start({ ...options, sandbox: true });
    } catch (error) {
        if (!/sandbox/i.test(error.message))
            throw error;
        return Browser.start({ ...options, sandbox: false });
    }
}

// ---- what has begun ends ---------------------------------------------------------

const running = new Set();

function endAll() {
    for (const browser of running)
        browser.kill();
}

process.on('exit', endAll);
for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15], ['SIGHUP', 1]]) {
    process.on(signal, () => {
        if (running.size === 0 && process.listenerCount(signal) > 1)
            return;
        endAll();
        process.exit(128 + number);
    });
}

// ---- the browser -----------------------------------------------------------------

export class Browser {
    static async start({ sandbox, program = findProgram(), more = ['--disable-smooth-scrolling'] }) {
        if (program === null)
            throw new Error('there is no program chromium');

        const browser = new Browser();

        // (the path of a socket that the browser makes there is 107 bytes long at most)
        browser.folder = mkdtempSync(join(tmpdir().length > 45 ? '/tmp' : tmpdir(), 'browser-'));
        running.add(browser);
        for (const name of ['home', 'profile'])
            mkdirSync(join(browser.folder, name));
        browser.begin(program, sandbox, more);
        try {
            browser.version = (await browser.send('Browser.getVersion')).product;
            await browser.send('Target.setDiscoverTargets', { discover: true });
        } catch (error) {
            await browser.close();
            throw error;
        }
        return browser;
    }

    constructor() {
        this.waiting = new Map(); // number of a message: what waits for its answer
        this.pages = new Map(); // session: page
        this.last = 0;
        this.said = '';
    }

    begin(program, sandbox, more) {
        const home = join(this.folder, 'home');
        const environment = {
            PATH: process.env.PATH, LANG: 'C.UTF-8', TZ: 'UTC', HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home,
            XDG_RUNTIME_DIR: home, TMPDIR: this.folder, DBUS_SESSION_BUS_ADDRESS: 'disabled:',
        };

        // (a group of its own, to be ended as a whole)
        this.process = spawn(program, [
            ...programArguments, ...sandbox ? [] : ['--no-sandbox'], `--user-data-dir=${join(this.folder, 'profile')}`,
            ...more, 'about:blank',
        ], { cwd: this.folder, env: environment, detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
        this.ended = new Promise(done => {
            this.process.once('error', error => {
                this.fail(error);
                done();
            });
            this.process.once('close', (code, signal) => {
                this.fail(new Error(`chromium has ended (${signal ?? code}): ${this.said.trim().split('\n').slice(-5).join('\n')}`));
                done();
            });
        });
        this.process.stderr.setEncoding('utf8').on('data', text => { this.said = (this.said + text).slice(-10000); });
        this.process.stdio[3].on('error', () => {});
        this.process.stdio[4].on('error', () => {});

        let parts = [];

        this.process.stdio[4].on('data', chunk => {
            for (let end; (end = chunk.indexOf(0)) >= 0; chunk = chunk.subarray(end + 1)) {
                parts.push(chunk.subarray(0, end));
                this.hear(JSON.parse(Buffer.concat(parts).toString('utf8')));
                parts = [];
            }
            parts.push(chunk);
        });
    }

    // What waits for an answer gets none any more.
    fail(error) {
        this.failure ??= error;
        for (const { reject } of this.waiting.values())
            reject(error);
        this.waiting.clear();
    }

    hear(message) {
        const waits = this.waiting.get(message.id);

        if (waits) {
            this.waiting.delete(message.id);
            if (message.error)
                waits.reject(new Error(`${waits.method}: ${message.error.message}`));
            else
                waits.resolve(message.result);
        } else if (message.sessionId) {
            this.pages.get(message.sessionId)?.hear(message.method, message.params);
        } else if (message.method === 'Target.targetCreated') {
            const { targetId, openerId, url, type } = message.params.targetInfo;

            for (const page of this.pages.values()) {
                if (openerId === page.target) {
                    page.windows.push(`${type} ${url}`);
                    this.send('Target.closeTarget', { targetId }).catch(() => {});
                }
            }
        }
    }

    send(method, params = {}, sessionId = undefined) {
        if (this.failure)
            return Promise.reject(this.failure);

        const id = ++this.last;
        const answer = new Promise((resolve, reject) => this.waiting.set(id, { method, resolve, reject }));

        this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0');
        return within(patience, answer, method);
    }

    // A page from a file's path or an address, loaded.  Options: those of emulate(), and
    // scripts: false.
    async open(place, options = {}) {
        const page = new Page(this);

        await page.prepare(options);
        await page.go(place);
        return page;
    }

    async close() {
        this.process?.stdio?.[3]?.end();
        await Promise.race([this.failure ? undefined : this.send('Browser.close').catch(() => {}), pause(2000)]);
        this.process?.stdio?.[3]?.destroy();
        await Promise.race([this.ended, pause(2000)]);
        this.kill();
    }

    // At once.
    kill() {
        running.delete(this);
        try {
            process.kill(-this.process.pid, 'SIGKILL');
        } catch {
            // it has ended
        }
        // (what has just been ended may still write)
        rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
}

// ---- a page ----------------------------------------------------------------------

// Keys that are not characters: name, code and number.
const keys = {
    ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Home: 36, End: 35, PageUp: 33, PageDown: 34,
    Enter: 13, Escape: 27, Tab: 9, Backspace: 8, Delete: 46, ' ': 32,
};
const modifiers = { alt: 1, ctrl: 2, meta: 4, shift: 8 };

export class Page {
    constructor(browser) {
        this.browser = browser;
        this.media = {};
        this.console = []; // of each message its kind and text
        this.exceptions = [];
        this.requests = []; // of each its address and, if it came to nothing, why
        this.violations = []; // of the Content-Security-Policy
        this.issues = []; // all that the developer tools list as such
        this.dialogs = [];
        this.windows = [];
        this.listeners = new Map();
    }

    send(method, params) {
        return this.browser.send(method, params, this.session);
    }

    async prepare({ scripts = true, ...emulated }) {
        this.target = (await this.browser.send('Target.createTarget', { url: 'about:blank' })).targetId;
        this.session = (await this.browser.send('Target.attachToTarget', { targetId: this.target, flatten: true })).sessionId;
        this.browser.pages.set(this.session, this);
        for (const domain of ['Page', 'Runtime', 'Network', 'Log', 'Audits', 'DOM'])
            await this.send(`${domain}.enable`);
        if (!scripts)
            await this.send('Emulation.setScriptExecutionDisabled', { value: true });
        await this.emulate({ width: 1280, height: 800, ...emulated });
    }

    async go(place) {
        this.url = /^(file|about|data|https?):/.test(place) ? place : pathToFileURL(resolve(place)).href;

        const loaded = this.next('Page.loadEventFired');
        const began = process.hrtime.bigint();
        const { errorText } = await this.send('Page.navigate', { url: this.url });

        if (errorText)
            throw new Error(`${this.url}: ${errorText}`);
        await within(patience, loaded, `loading ${this.url}`);
        this.loadedAfter = Number(process.hrtime.bigint() - began) / 1e6;
    }

    next(event) {
        return new Promise(done => this.listeners.set(event, done));
    }

    hear(method, params) {
        switch (method) {
            case 'Runtime.consoleAPICalled':
                this.console.push(`${params.type}: ${params.args.map(a => a.value ?? a.description ?? a.type).join(' ')}`);
                break;
            case 'Log.entryAdded':
                this.console.push(`${params.entry.level}: ${params.entry.text}${params.entry.url ? ` (${params.entry.url})` : ''}`);
                break;
            case 'Runtime.exceptionThrown': {
                const { text, exception, lineNumber, columnNumber } = params.exceptionDetails;

                this.exceptions.push(`${text} ${exception?.description ?? exception?.value ?? ''} (${lineNumber + 1}:${columnNumber + 1})`);
                break;
            }
            case 'Network.requestWillBeSent':
                this.requests.push({ id: params.requestId, url: params.request.url });
                break;
            case 'Network.loadingFailed':
                for (const request of this.requests) {
                    if (request.id === params.requestId)
                        request.failed = params.blockedReason ?? params.errorText;
                }
                break;
            case 'Network.webSocketCreated':
            case 'Network.webTransportCreated':
                this.requests.push({ id: params.requestId, url: params.url });
                break;
            case 'Audits.issueAdded': {
                const { code, details } = params.issue;
                const violation = details.contentSecurityPolicyIssueDetails;

                this.issues.push(`${code}: ${JSON.stringify(details)}`);
                if (violation)
                    this.violations.push(`${violation.violatedDirective} ${violation.blockedURL ?? violation.contentSecurityPolicyViolationType}`);
                break;
            }
            case 'Page.javascriptDialogOpening':
                this.dialogs.push(`${params.type}: ${params.message}`);
                this.send('Page.handleJavaScriptDialog', { accept: false }).catch(() => {});
                break;
        }
        this.listeners.get(method)?.(params);
        this.listeners.delete(method);
    }

    // Requests for anything but the page itself.  (What a data: address has is in the page.)
    otherRequests() {
        return this.requests.map(request => request.url).filter(url => url.split('#')[0] !== this.url.split('#')[0] && !url.startsWith('data:'));
    }

    // Everything that nobody wants to see of a page, a line each.
    complaints() {
        return [
            ...this.console.filter(line => /^(error|warning|assert)/.test(line)).map(line => `console ${line}`),
            ...this.exceptions.map(line => `exception ${line}`),
            ...this.otherRequests().map(url => `request ${url}`),
            ...this.violations.map(line => `violation ${line}`),
            ...this.dialogs.map(line => `dialog ${line}`),
            ...this.windows.map(line => `window ${line}`),
        ];
    }

    // What a function (with arguments that JSON has) or an expression comes to in the page;
    // promises are waited for.
    async evaluate(what, ...values) {
        const expression = typeof what === 'function' ? `(${what})(${values.map(value => JSON.stringify(value) ?? 'undefined').join(', ')})` : what;
        const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true });

        if (exceptionDetails)
            throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
        return result.value;
    }

    // Until that comes to something true, which is returned.
    async until(what, ...values) {
        for (const began = Date.now(); ;) {
            const value = await this.evaluate(what, ...values);

            if (value)
                return value;
            if (Date.now() - began > patience)
                throw new Error(`waited in vain for ${what}`);
            await pause(20);
        }
    }

    // Until what has been done can be seen.
    async settled() {
        await this.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))));
    }

    // width, height (CSS pixels), scale (pixels of the device for each), phone, dark (the
    // scheme), media ('print', or '' for the screen), contrast ('more'), colours ('active':
    // forced), motion ('reduce').  What is not named stays.
    async emulate(wanted) {
        Object.assign(this.media, wanted);

        const { width, height, scale = 1, phone = false, dark = false, media = '', contrast = 'no-preference', colours = 'none', motion = 'no-preference' } = this.media;

        await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: phone });
        await this.send('Emulation.setTouchEmulationEnabled', { enabled: phone });
        await this.send('Emulation.setEmulatedMedia', {
            media,
            features: [
                { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }, { name: 'prefers-contrast', value: contrast },
                { name: 'forced-colors', value: colours }, { name: 'prefers-reduced-motion', value: motion },
            ],
        });
    }

    // Where an element is in the window, scrolled to: { x, y, width, height }, or null.
    where(selector) {
        return this.evaluate(wanted => {
            const element = document.querySelector(wanted);

            if (!element)
                return null;
            element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });

            const { x, y, width, height } = element.getBoundingClientRect();

            return { x, y, width, height };
        }, selector);
    }

    // ---- the mouse: places in CSS pixels of the window; keys held, as { shift: true }

    mouse(type, x, y, held = {}, more = {}) {
        return this.send('Input.dispatchMouseEvent', { type, x, y, modifiers: bits(held), pointerType: 'mouse', ...more });
    }
    point(x, y, held) {
        return this.mouse('mouseMoved', x, y, held);
    }
    async click(x, y, held) {
        await this.drag([[x, y]], held);
    }
    // Pressed at the first place, moved over all, released at the last.
    async drag(places, held) {
        const [first, last] = [places[0], places[places.length - 1]];

        await this.mouse('mouseMoved', ...first, held);
        await this.mouse('mousePressed', ...first, held, { button: 'left', buttons: 1, clickCount: 1 });
        for (const place of places.slice(1))
            await this.mouse('mouseMoved', ...place, held, { button: 'left', buttons: 1 });
        await this.mouse('mouseReleased', ...last, held, { button: 'left', clickCount: 1 });
    }
    wheel(x, y, deltaX, deltaY, held) {
        return this.mouse('mouseWheel', x, y, held, { deltaX, deltaY });
    }
    async clickOn(selector, held) {
        const { x, y, width, height } = await this.where(selector) ?? {};

        if (!width || !height)
            throw new Error(`there is nothing to click on: ${selector}`);
        await this.click(x + width / 2, y + height / 2, held);
    }
    async tap(x, y) {
        await this.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
        await this.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    }

    // ---- the keyboard

    // A key by its name ('ArrowDown', 'a', '+').
    async press(key, held = {}) {
        const number = keys[key] ?? key.toUpperCase().charCodeAt(0);
        const text = key === 'Enter' ? '\r' : key.length === 1 && !held.ctrl && !held.alt && !held.meta ? key : undefined;
        const event = { key, code: keys[key] && key !== ' ' ? key : key === ' ' ? 'Space' : undefined, windowsVirtualKeyCode: number, modifiers: bits(held) };

        await this.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', ...event, text });
        await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
    }
    // Text as if typed, into what has the focus.
    type(text) {
        return this.send('Input.insertText', { text });
    }
    focus(selector) {
        return this.evaluate(wanted => { document.querySelector(wanted).focus(); return document.activeElement.matches(wanted); }, selector);
    }
    // In a select, by value, as its user would.
    choose(selector, value) {
        return this.evaluate((wanted, chosen) => {
            const select = document.querySelector(wanted);

            if (![...select.options].some(option => option.value === chosen))
                throw new Error(`${wanted} has no ${chosen}`);
            select.value = chosen;
            select.dispatchEvent(new Event('input', { bubbles: true }));
            select.dispatchEvent(new Event('change', { bubbles: true }));
        }, selector, value);
    }

    // ---- pictures

    // A PNG of the window, or of the whole page; written to a file, if one is named.
    async screenshot(path = null, { whole = false } = {}) {
        const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: whole });

        return this.keep(path, data);
    }
    async pdf(path = null, options = {}) {
        const { data } = await this.send('Page.printToPDF', { printBackground: true, preferCSSPageSize: true, ...options });

        return this.keep(path, data);
    }
    keep(path, data) {
        const bytes = Buffer.from(data, 'base64');

        if (path !== null)
            writeFileSync(path, bytes);
        return bytes;
    }

    async close() {
        this.browser.pages.delete(this.session);
        await this.browser.send('Target.closeTarget', { targetId: this.target });
    }
}

function bits(held) {
    return Object.keys(held).filter(name => held[name]).reduce((sum, name) => sum + modifiers[name], 0);
}

export function pause(milliseconds) {
    return new Promise(done => setTimeout(done, milliseconds));
}

function within(milliseconds, promise, what) {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds / 1000} s: ${what}`)), milliseconds); });

    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
