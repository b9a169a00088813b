package io.weft.controlplane.api.http;

import io.helidon.common.uri.UriQuery;
import io.weft.controlplane.api.http.Problem.FieldError;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The parameters of a request's query. Whatever is wrong with them is collected, so that one answer names all of it: a
 * resource that reads values calls {@link #requireCorrect} after the last.
 */
public final class Query {
    private final UriQuery query;
    private final List<FieldError> errors = new ArrayList<>();

    /** @param known names that the resource has; others are errors */
    Query(UriQuery query, Set<String> known) {
        this.query = query;
        for (String name : query.names()) {
            if (!known.contains(name)) {
                wrong(name, known.isEmpty() ? "unknown; this resource has no parameters"
                    : "unknown; the parameters are " + String.join(", ", known.stream().sorted().toList()));
            } else if (query.all(name).size() > 1) {
                wrong(name, "given more than once");
            }
        }
    }

    public Optional<String> text(String name) {
        return query.first(name).asOptional();
    }

    /**
     * A converted value.
     *
     * @param parser returns empty for a wrong text
     * @param form what the text must be, for the error
     */
    public <T> Optional<T> value(String name, Function<String, Optional<T>> parser, String form) {
        Optional<String> text = text(name);
        Optional<T> value = text.flatMap(parser);
        if (text.isPresent() && value.isEmpty()) {
            wrong(name, "must be " + form + ", not \"" + text.get() + "\"");
        }
        return value;
    }

    public Optional<Integer> integer(String name, int min, int max) {
        return value(name, text -> text.matches("[0-9]{1,9}")
            ? Optional.of(Integer.valueOf(text)).filter(number -> number >= min && number <= max)
            : Optional.<Integer>empty(), "a number from " + min + " to " + max);
    }

    public boolean flag(String name) {
        return value(name, text -> text.equals("true") || text.equals("false") ? Optional.of(text.equals("true"))
            : Optional.<Boolean>empty(), "true or false").orElse(false);
    }

    private void wrong(String name, String detail) {
        errors.add(new FieldError(name, detail));
    }

    /** @throws ProblemException if anything is wrong */
    public void requireCorrect() {
        if (!errors.isEmpty()) { throw ProblemException.wrong(errors); }
    }
}
