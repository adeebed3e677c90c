/*
 * deck.js - opens built decks in headless Chromium: checks them, prints them to
 * PDF, takes a picture of every slide.
 *
 *     node slides/deck.js check DECK.html...      TAP on standard output
 *     node slides/deck.js pdf DECK.html           writes DECK.pdf
 *     node slides/deck.js pictures DECK.html      writes DECK/01.png, 02.png, ...
 *
 * playwright-core is found through NODE_PATH, Chromium through CHROMIUM or PATH.
 *
 * A deck changes its layout when reveal.js starts, and once more for printing.
 * So nothing is measured or printed before Reveal.isReady(), before the fonts
 * are there, and, for a PDF, before there is a .pdf-page for every slide.
 */
'use strict';

const fs = require('fs');
const path = require('path');
const { execFileSync } = require('child_process');
const { pathToFileURL } = require('url');
const { chromium } = require('playwright-core');

const PATIENCE_MS = 30000;
const MOST_MINUTES = 50;
const MOST_SLIDES = 18;

function fail(what, toTry) {
    console.error(`deck.js: ${what}`);
    console.error(`  try:  ${toTry}`);
    process.exit(2);
}

function findChromium() {
    if (process.env.CHROMIUM)
        return process.env.CHROMIUM;
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
        try {
            return execFileSync('sh', ['-c', `command -v ${name}`],
                                { encoding: 'utf8' }).trim();
        } catch {
            // not this one
        }
    }
    return fail('there is no Chromium', 'make deps SET=test');
}

function launch() {
    return chromium.launch({
        executablePath: findChromium(),
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
               '--no-first-run', '--disable-background-networking',
               '--disable-component-update', '--disable-sync'],
    });
}

/* Opens a deck; `query` is '' or '?view=print'. Nothing but the file is let
 * through; what the page asked for and complained of is noted. */
async function open(browser, file, query) {
    const url = pathToFileURL(file).href;
    const context = await browser.newContext({
        viewport: { width: 1307, height: 735 }, // the canvas and its margin
        offline: true,
    });
    const page = await context.newPage();
    const noted = { errors: [], requests: [] };
    page.on('console', (message) => {
        if (message.type() === 'error')
            noted.errors.push(message.text());
    });
    page.on('pageerror', (error) => noted.errors.push(error.message));
    await page.route('**/*', (route) => {
        const asked = route.request().url();
        if (asked.split(/[?#]/)[0] === url)
            return route.continue();
        noted.requests.push(asked);
        return route.abort();
    });
    await page.goto(url + query);
    try {
        await page.waitForFunction(
            () => window.Reveal && window.Reveal.isReady() &&
                document.fonts.status === 'loaded',
            null, { timeout: PATIENCE_MS });
    } catch {
        noted.errors.push('reveal.js did not start');
    }
    return { page, context, noted };
}

/* --- what a slide must keep to; these run in the page ------------------------- */

/* Returns the faults of the present slide, by the name of the check. */
function inspectSlide(least) {
    const faults = { fits: [], images: [], sizes: [], pattern: [], minutes: [] };
    const slide = window.Reveal.getCurrentSlide();
    const scale = window.Reveal.getScale();
    const canvas = slide.getBoundingClientRect();
    const own = (e) => e !== null && !e.closest('aside.notes');
    const shorten = (text) => {
        const words = text.trim().replace(/\s+/g, ' ');
        return words.length > 40 ? `${words.slice(0, 40)}...` : words;
    };

    const beyond = { right: 0, bottom: 0, left: 0, top: 0 };
    const culprit = {};
    const place = (rect, name) => {
        const over = {
            right: rect.right - canvas.right,
            bottom: rect.bottom - canvas.bottom,
            left: canvas.left - rect.left,
            top: canvas.top - rect.top,
        };
        for (const side of Object.keys(over)) {
            if (over[side] / scale > Math.max(beyond[side], 0.5)) {
                beyond[side] = over[side] / scale;
                culprit[side] = name;
            }
        }
    };

    const leastSize = (e) => {
        if (e.closest('h1'))
            return least.headline;
        return e.closest('pre, code, svg, figcaption') ? least.code : least.text;
    };
    const small = new Map();
    const size = (px, atLeast, name) => {
        if (px < atLeast - 0.1 && !(small.get(name) <= px))
            small.set(name, px);
    };
    // An SVG's own size of text, times the scale at which it is drawn.
    const svgSizes = (svg, drawnWidth, name) => {
        const box = svg.viewBox.baseVal;
        const width = box && box.width > 0 ? box.width : svg.width.baseVal.value;
        for (const text of svg.querySelectorAll('text, tspan')) {
            if (text.textContent.trim() === '')
                continue;
            const px = parseFloat(getComputedStyle(text).fontSize);
            size(px * drawnWidth / width, least.code, name);
        }
    };

    const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        const parent = node.parentElement;
        if (node.data.trim() === '' || !own(parent) || parent.closest('svg'))
            continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const rect of range.getClientRects())
            if (rect.width > 0)
                place(rect, `"${shorten(node.data)}"`);
        size(parseFloat(getComputedStyle(parent).fontSize), leastSize(parent),
             `"${shorten(node.data)}"`);
    }
    for (const e of slide.querySelectorAll('img, svg, pre, table, figure, .run')) {
        if (!own(e))
            continue;
        place(e.getBoundingClientRect(), e.alt || `<${e.tagName.toLowerCase()}>`);
        if (getComputedStyle(e).overflow !== 'visible' &&
            (e.scrollWidth > e.clientWidth + 1 ||
             e.scrollHeight > e.clientHeight + 1))
            faults.fits.push(`<${e.tagName.toLowerCase()}> hides a part of itself`);
    }
    for (const img of slide.querySelectorAll('img')) {
        if (!own(img))
            continue;
        if (!img.complete || img.naturalWidth === 0) {
            faults.images.push(`missing: ${img.alt || img.src.slice(0, 60)}`);
        } else if (img.alt === '') {
            faults.images.push('an image has no description: ![...]');
        }
        const data = /^data:image\/svg\+xml(;[^,]*)?,(.*)$/s.exec(img.src);
        if (data === null)
            continue;
        const source = (data[1] || '').includes('base64') ?
            new TextDecoder().decode(Uint8Array.from(
                atob(decodeURIComponent(data[2])), (c) => c.charCodeAt(0))) :
            decodeURIComponent(data[2]);
        const svg = new DOMParser().parseFromString(source, 'image/svg+xml')
            .documentElement;
        const drawn = img.getBoundingClientRect().width / scale;
        const holder = document.body.appendChild(document.createElement('div'));
        svgSizes(holder.appendChild(document.importNode(svg, true)), drawn,
                 `in "${shorten(img.alt)}"`);
        holder.remove();
    }
    for (const svg of slide.querySelectorAll('svg'))
        if (own(svg) && svg.parentElement.closest('svg') === null)
            svgSizes(svg, svg.getBoundingClientRect().width / scale, 'in an SVG');

    const names = {
        right: 'right of', bottom: 'below', left: 'left of', top: 'above',
    };
    for (const side of Object.keys(beyond))
        if (beyond[side] > 0)
            faults.fits.push(`${culprit[side]} reaches ` +
                `${Math.ceil(beyond[side])} px ${names[side]} the canvas`);
    for (const [name, px] of small)
        faults.sizes.push(`${name} is ${px.toFixed(1)} px`);

    const headline = slide.querySelector('h1');
    if (headline === null) {
        faults.pattern.push('has no headline');
    } else {
        if (getComputedStyle(headline).textTransform === 'uppercase')
            faults.sizes.push('the headline is in capitals');
        if (!slide.classList.contains('title') &&
            headline.textContent.trim().split(/\s+/).length < 4)
            faults.pattern.push('the headline is no sentence');
    }
    const notes = slide.querySelector('aside.notes');
    const minutes = /(\d+) minutes?/.exec(notes ? notes.textContent : '');
    if (notes === null)
        faults.pattern.push('has no notes');
    else if (minutes === null)
        faults.pattern.push('its notes do not say how many minutes');
    else
        faults.minutes.push(Number(minutes[1]));
    return faults;
}

/* --- the three commands -------------------------------------------------------- */

function nameOf(file) {
    return path.basename(file, '.html');
}

async function slidesOf(page) {
    return page.evaluate(() => window.Reveal.getSlides().length);
}

/* Shows slide i and waits until the browser has drawn it. */
async function show(page, i) {
    await page.evaluate((index) => new Promise((drawn) => {
        window.Reveal.slide(index, 0);
        requestAnimationFrame(() => requestAnimationFrame(drawn));
    }), i);
}

const checks = {
    fits: 'fits its canvas',
    images: 'shows every image',
    sizes: 'is large enough to read',
    pattern: 'has a headline and notes on every slide',
    time: 'fits its hour',
    errors: 'starts without an error',
    requests: 'asks for nothing outside its file',
    pdf: 'prints a page for every slide',
};

async function checkDeck(browser, file) {
    const faults = {
        fits: [], images: [], sizes: [], pattern: [], time: [], pdf: [],
    };
    let minutes = 0;
    const { page, context, noted } = await open(browser, file, '');
    const n = noted.errors.length === 0 ? await slidesOf(page) : 0;
    for (let i = 0; i < n; i++) {
        await show(page, i);
        const found = await page.evaluate(inspectSlide,
                                          { headline: 40, text: 32, code: 26 });
        minutes += found.minutes.reduce((sum, m) => sum + m, 0);
        delete found.minutes;
        for (const name of Object.keys(found))
            faults[name].push(...found[name].map((what) => `slide ${i + 1}: ${what}`));
    }
    await context.close();
    if (minutes > MOST_MINUTES)
        faults.time.push(`its notes add up to ${minutes} minutes: ` +
            `at most ${MOST_MINUTES}`);
    if (n > MOST_SLIDES)
        faults.time.push(`it has ${n} slides: at most ${MOST_SLIDES}`);
    if (n > 0) {
        const problem = await print(browser, file, null);
        if (problem !== null)
            faults.pdf.push(problem);
    }
    return { ...faults, ...noted };
}

async function check(browser, files) {
    console.log(`1..${files.length * Object.keys(checks).length}`);
    let number = 0;
    let failed = false;
    for (const file of files) {
        const faults = await checkDeck(browser, file);
        for (const name of Object.keys(checks)) {
            const bad = faults[name].length > 0;
            failed = failed || bad;
            console.log(`${bad ? 'not ok' : 'ok'} ${++number} - ` +
                `${nameOf(file)} ${checks[name]}`);
            for (const what of new Set(faults[name]))
                console.log(`# ${what}`);
        }
    }
    return failed ? 1 : 0;
}

/* Prints to `out`, or nowhere; returns what is wrong with the result, or null. */
async function print(browser, file, out) {
    const { page, context, noted } = await open(browser, file, '?view=print');
    if (noted.errors.length > 0)
        return noted.errors[0];
    try {
        // For a moment no slide is in the page: it is on its way into a .pdf-page.
        await page.waitForFunction(
            () => {
                const slides = window.Reveal.getSlides().length;
                return slides > 0 &&
                    document.querySelectorAll('.pdf-page').length >= slides;
            },
            null, { timeout: PATIENCE_MS });
    } catch {
        return 'reveal.js did not lay out the pages';
    }
    const n = await slidesOf(page);
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    await context.close();
    const pages = (pdf.toString('latin1').match(/\/Type \/Page\b/g) || []).length;
    if (pages !== n)
        return `${n} slides, but ${pages} pages`;
    if (out !== null)
        fs.writeFileSync(out, pdf);
    return null;
}

async function pdf(browser, files) {
    for (const file of files) {
        const problem = await print(browser, file, file.replace(/\.html$/, '.pdf'));
        if (problem !== null)
            fail(`cannot print ${file}: ${problem}`,
                 `open ${file} in a browser and look`);
    }
    return 0;
}

async function pictures(browser, files) {
    for (const file of files) {
        const { page } = await open(browser, file, '');
        const folder = file.replace(/\.html$/, '');
        fs.rmSync(folder, { recursive: true, force: true });
        fs.mkdirSync(folder);
        const n = await slidesOf(page);
        for (let i = 0; i < n; i++) {
            await show(page, i);
            const name = String(i + 1).padStart(2, '0');
            await page.screenshot({ path: path.join(folder, `${name}.png`) });
        }
    }
    return 0;
}

async function main() {
    const commands = { check, pdf, pictures };
    const [command, ...files] = process.argv.slice(2);
    if (!Object.hasOwn(commands, command || '') || files.length === 0)
        fail('say what to do with which deck',
             'node slides/deck.js check build/slides/05-epoll.html');
    for (const file of files)
        if (!fs.existsSync(file))
            fail(`there is no ${file}`, 'make slides');
    const browser = await launch();
    try {
        process.exitCode = await commands[command](browser, files);
    } finally {
        await browser.close();
    }
}

main();
