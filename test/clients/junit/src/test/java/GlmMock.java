import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** A GLM mock for JUnit 5: one server for the run, and an API key of its own for each test. */
public class GlmMock implements BeforeEachCallback, AfterEachCallback {
  private static final ObjectMapper mapper = new ObjectMapper();
  private static final HttpClient http = HttpClient.newHttpClient();

  private String url;
  private String apiKey;
  private String id;

  public String baseUrl() {
    return url + "/api/paas/v4";
  }

  public String apiKey() {
    return apiKey;
  }

  /** A base URL under which every request has this fault. */
  public String withFault(String fault) {
    return url + "/~" + fault + "/api/paas/v4";
  }

  /** The faults that strike from now on; none to be sound again. */
  public void faults(String... faults) {
    admin("PUT", "faults", Map.of("faults", faults, "key", id));
  }

  /** Prepared answers. */
  public void fixtures(Object... fixtures) {
    admin("POST", "fixtures", Map.of("fixtures", fixtures, "key", id));
  }

  /** What was asked, oldest first. */
  public List<JsonNode> requests() {
    List<JsonNode> requests = new ArrayList<>();
    admin("GET", "journal?key=" + id, null).path("requests").forEach(requests::add);
    return requests;
  }

  /** How well the client handled what happened to it: a verdict and findings. */
  public JsonNode report() {
    return admin("GET", "report?key=" + id, null);
  }

  @Override
  public void beforeEach(ExtensionContext test) {
    url = test.getRoot()
        .getStore(Namespace.GLOBAL)
        .getOrComputeIfAbsent(Server.class, type -> Server.start(), Server.class)
        .url();
    JsonNode minted = admin("POST", "keys", Map.of("name", test.getUniqueId()));
    apiKey = minted.path("key").asText();
    id = minted.path("id").asText();
  }

  @Override
  public void afterEach(ExtensionContext test) {
    List<String> unmatched = requests().stream()
        .filter(request -> request.path("status").asInt() == 418)
        .map(JsonNode::toString)
        .toList();
    admin("POST", "reset", Map.of("key", id));
    assertEquals(List.of(), unmatched, "no fixture fitted, or a fault was misspelt");
  }

  private JsonNode admin(String method, String path, Object body) {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/__admin/" + path))
          .header("content-type", "application/json")
          .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(mapper.writeValueAsString(body)))
          .build();
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      assertEquals(200, response.statusCode(), response.body());
      return mapper.readTree(response.body());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }

  /** The process; JUnit closes it after the last test. From 5.13 on AutoCloseable is enough. */
  private record Server(Process process, String url) implements AutoCloseable, ExtensionContext.Store.CloseableResource {
    static Server start() {
      String command = System.getenv().getOrDefault("GLM_TESTKIT", "npx glm-testkit");
      List<String> words = new ArrayList<>(List.of(command.split(" ")));
      words.addAll(List.of("mock", "--port", "0", "--unmatched", "error", "--grace", "0s"));
      try {
        Process process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader said = process.inputReader();
        for (String line; (line = said.readLine()) != null; )
          if (line.strip().startsWith("base URL"))
            return new Server(process, line.replaceAll("^ *base URL +|/api/paas/v4$", ""));
        throw new IllegalStateException(command + " did not start");
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }

    /** With what npx started. */
    @Override
    public void close() {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
  }
}
