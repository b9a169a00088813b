package io.weft.controlplane.api.resource;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.Resource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Set;

/** The OpenAPI 3.1 document, which is kept in YAML. */
public final class OpenApiResource {
    private static final String DOCUMENT = "openapi.yaml";

    private OpenApiResource() {
    }

    public static Resource of() {
        Answer document = document();
        return Resource.json("/api/v1/openapi.json", Set.of(), _ -> document);
    }

    private static Answer document() {
        try (InputStream yaml = OpenApiResource.class.getResourceAsStream(DOCUMENT)) {
            return Answer.json(new YAMLMapper().readTree(yaml));
        } catch (IOException e) {
            throw new UncheckedIOException(DOCUMENT + " cannot be read", e);
        }
    }
}
