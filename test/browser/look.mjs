// A picture of a page as Chromium shows it, for somebody who works on it:
//
//     node test/browser/look.mjs PAGE PICTURE.png|PAPER.pdf [WIDTHxHEIGHT] [dark] [phone] [print] [whole]
//
// What the page complains of is printed.
import { withBrowser } from './browser.mjs';

const [place, picture, ...words] = process.argv.slice(2);

if (!picture) {
    console.error('node look.mjs PAGE PICTURE.png|PAPER.pdf [WIDTHxHEIGHT] [dark] [phone] [print] [whole]');
    process.exit(2);
}

const has = word => words.includes(word);
const [width, height] = (words.find(word => /^\d+x\d+$/.test(word)) ?? (has('phone') ? '390x844' : '1280x800')).split('x').map(Number);

await withBrowser(async browser => {
    const page = await browser.open(place, { width, height, dark: has('dark'), phone: has('phone'), media: has('print') ? 'print' : '' });

    await page.settled();
    await (picture.endsWith('.pdf') ? page.pdf(picture) : page.screenshot(picture, { whole: has('whole') }));
    console.log(`loaded after ${page.loadedAfter.toFixed(0)} ms`);
    for (const line of page.complaints())
        console.log(line);
});
