// How fast Chromium draws a page with the map of a plan: node drawing.mjs PAGE
//
// Prints, in milliseconds, how long after navigation the first picture was there, and the
// median and the slowest frame while the wheel turns over the map, down, up and to both
// sides, each for a second and a half: as the page begins, which is the whole map, zoomed in
// until each cell has a pixel, and until it has eight by eight.  A number a line.
import { pause, withBrowser } from '../test/browser/browser.mjs';

const TURN = 1500; // milliseconds to each side
const STEP = 120; // CSS pixels that a notch of the wheel scrolls

await withBrowser(async browser => {
    const page = await browser.open('about:blank');

    // The frame behind that in which the map was drawn: by then that one has been shown.
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source: `
        new MutationObserver((changes, observer) => {
            if (document.querySelector('#map')?.dataset.drawn !== 'true')
                return;
            observer.disconnect();
            requestAnimationFrame(() => requestAnimationFrame(() => { window.pictureAfter = performance.now(); }));
        }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-drawn'] });` });
    await page.go(process.argv[2]);
    console.log((await page.until(() => window.pictureAfter)).toFixed(0));

    await frames();
    for (const size of [1, 8]) {
        await page.evaluate(least => {
            const { dataset } = document.querySelector('#map');

            while (dataset.cellWidth < least || dataset.cellHeight < least)
                document.querySelector('#zoom-in').click();
            document.querySelector('#map').scrollTo(0, 0);
        }, size);
        await page.settled();
        await frames();
    }

    async function frames() {
        const { x, y, width, height } = await page.where('#map');
        const times = [];

        for (const [right, down] of [[0, 1], [0, -1], [1, 0], [-1, 0]]) {
            await page.evaluate(() => {
                const state = window.frameTimes = { all: [], last: null, on: true };

                requestAnimationFrame(function frame(now) {
                    if (state.last !== null)
                        state.all.push(now - state.last);
                    state.last = now;
                    if (state.on)
                        requestAnimationFrame(frame);
                });
            });
            for (const began = Date.now(); Date.now() - began < TURN; await pause(16))
                await page.wheel(x + width / 2, y + height / 2, right * STEP, down * STEP);
            times.push(...await page.evaluate(() => {
                window.frameTimes.on = false;
                return window.frameTimes.all;
            }));
        }
        times.sort((a, b) => a - b);
        console.log(times[times.length >> 1].toFixed(1));
        console.log(times[times.length - 1].toFixed(1));
    }
}, { more: [] });
