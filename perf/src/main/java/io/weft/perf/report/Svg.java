package io.weft.perf.report;

import java.util.Locale;

/** Writes one SVG picture, element by element; coordinates in pixels, y downwards. */
final class Svg {
    private final StringBuilder text = new StringBuilder();

    Svg(int width, int height, String title) {
        text.append(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n<title>%s</title>\n"
                .formatted(width, height, width, height, escape(title)));
    }

    /** @param style class of the page's style sheet */
    Svg line(double x1, double y1, double x2, double y2, String style) {
        return add(String.format(Locale.ROOT, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
            x1, y1, x2, y2, style));
    }

    /** @param hint shown under the pointer */
    Svg rectangle(double x, double y, double width, double height, String style, String hint) {
        return add(String.format(Locale.ROOT,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"><title>%s</title></rect>\n", x, y,
            Math.max(0, width), height, style, escape(hint)));
    }

    Svg circle(double x, double y, double radius, String style, String hint) {
        return add(String.format(Locale.ROOT,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"><title>%s</title></circle>\n", x, y, radius, style,
            escape(hint)));
    }

    /** @param anchor start, middle or end */
    Svg label(double x, double y, String anchor, String words) {
        return add(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y,
            anchor, escape(words)));
    }

    private Svg add(String piece) {
        text.append(piece);
        return this;
    }

    @Override
    public String toString() {
        return text + "</svg>\n";
    }

    /** For element content and attribute values of HTML and SVG. */
    static String escape(String words) {
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
