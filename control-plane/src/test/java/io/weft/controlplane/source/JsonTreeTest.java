package io.weft.controlplane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import io.weft.controlplane.source.ObjectTree.WrongField;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTreeTest {

    private static JsonTree tree(String json) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            parser.nextToken();
            return JsonTree.read(parser);
        }
    }

    @Test
    void leavesOutManagedFieldsAndReadsWhatFollows() throws IOException {
        JsonTree tree = tree("""
            {"metadata": {"managedFields": [{"fieldsV1": {"f:x": {"name": "wrong"}}}], "name": "web"}, "n": 1}""");
        assertEquals(Set.of("name"), tree.required("metadata").names());
        assertEquals("web", tree.textAt("metadata", "name"));
        assertEquals("1", tree.textAt("n"));
    }

    @Test
    void textAtIsEmptyWhereThereIsNoScalar() throws IOException {
        JsonTree tree = tree("""
            {"a": {"b": null, "c": [1], "d": true}}""");
        for (String[] path : new String[][]{{"x"}, {"a"}, {"a", "b"}, {"a", "c"}, {"a", "d", "e"}, {"a", "x", "y"}}) {
            assertEquals("", tree.textAt(path));
        }
        assertEquals("true", tree.textAt("a", "d"));
        assertEquals("", JsonTree.empty().textAt("a"));
    }

    @Test
    void ofTwoFieldsOfANameTheLastCounts() throws IOException {
        assertEquals("2", tree("""
            {"a": "1", "a": "2"}""").required("a").text());
    }

    @Test
    void stopsAtTheLastTokenOfItsValue() throws IOException {
        try (JsonParser parser = new JsonFactory().createParser("[{\"a\": [1, {}]}, 5]")) {
            parser.nextToken();
            parser.nextToken();
            assertEquals(1, JsonTree.read(parser).list("a").getFirst().integer(0, 9));
            assertEquals(JsonToken.VALUE_NUMBER_INT, parser.nextToken());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"80", "80.0", "8e1"})
    void wholeNumbersInAnyNotation(String number) throws IOException {
        assertEquals(80, tree(number).integer(1, 100));
    }

    @ParameterizedTest
    @ValueSource(strings = {"80.5", "\"80\"", "true", "1e999999999", "1e99999999999", "99999999999999999999", "-80"})
    void othersAreNoPort(String value) throws IOException {
        assertThrows(WrongField.class, () -> tree(value).integer(1, 65_535));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"a\"", "{\"a\":", "{\"a\": [", "{\"a\": {\"managedFields\": ["})
    void aValueThatIsCutIsNotRead(String json) {
        assertThrows(JsonEOFException.class, () -> tree(json));
    }

    @Test
    void flagsAreNoText() throws IOException {
        JsonTree tree = tree("""
            {"ready": false, "name": "n"}""");
        assertFalse(tree.flag("ready", true));
        assertThrows(WrongField.class, () -> tree.flag("name", true));
        assertThrows(WrongField.class, () -> tree.required("ready").text());
    }
}
