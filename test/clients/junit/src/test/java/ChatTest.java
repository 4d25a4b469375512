import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ChatTest {
  @RegisterExtension
  final GlmMock glm = new GlmMock();

  final HttpClient http = HttpClient.newHttpClient();

  @Test
  void aPreparedAnswer() throws Exception {
    glm.fixtures(Map.of("match", Map.of("last_user", "weather"), "reply", Map.of("content", "晴")));
    HttpResponse<String> response = send(request(glm.baseUrl(), "How is the weather?", false).build());
    assertTrue(response.body().contains("\"content\":\"晴\""), response.body());
  }

  /** By the path: for a client of which nothing but the base URL can be set. */
  @Test
  void anOverloadIsTriedAgain() throws Exception {
    HttpResponse<String> response = patiently(request(glm.withFault("overloaded,first=2"), "你好", false).build());
    assertEquals(200, response.statusCode());
    assertEquals(List.of("1305", "1305", "none"), glm.requests().stream().map(it -> it.path("code").asText()).toList());
    assertEquals("resilient", glm.report().path("verdict").asText());
  }

  @Test
  void givingUpAtOnceIsFoundOut() throws Exception {
    assertEquals(429, send(request(glm.withFault("overloaded"), "你好", false).build()).statusCode());
    assertEquals("fragile", glm.report().path("verdict").asText());
    assertEquals("gave_up", glm.report().at("/findings/0/code").asText());
  }

  /** By a header: for one request. */
  @Test
  void aRateLimitNamesNoTimeToWait() throws Exception {
    HttpResponse<String> response =
        send(request(glm.baseUrl(), "你好", false).header("x-glm-fault", "1302").build());
    assertEquals(429, response.statusCode());
    assertTrue(response.body().contains("\"1302\""), response.body());
    assertTrue(response.headers().firstValue("retry-after").isEmpty());
  }

  /** By the admin API: for everything that this test asks from now on. */
  @Test
  void aStreamThatStallsIsGivenUp() throws Exception {
    glm.faults("stall,after=5");
    // The timeout of HttpRequest ends with the headers, so a stalled body needs one of its own.
    Exception thrown = assertThrows(ExecutionException.class, () -> http
        .sendAsync(request(glm.baseUrl(), "你好", true).build(), BodyHandlers.ofString())
        .orTimeout(500, TimeUnit.MILLISECONDS)
        .get());
    assertInstanceOf(TimeoutException.class, thrown.getCause());
    glm.faults();
    assertEquals(200, send(request(glm.baseUrl(), "你好", true).build()).statusCode());
    assertEquals("stall", glm.requests().get(0).at("/faults/0").asText());
  }

  /** The client that is tested: tries again after 1302 and 1305, and waits longer each time. */
  HttpResponse<String> patiently(HttpRequest request) throws Exception {
    HttpResponse<String> response = send(request);
    for (int tries = 1; tries < 4 && response.statusCode() == 429; tries++) {
      Thread.sleep((long) (500 * (1 << tries) * (0.75 + 0.5 * Math.random())));
      response = send(request);
    }
    return response;
  }

  HttpResponse<String> send(HttpRequest request) throws Exception {
    return http.send(request, BodyHandlers.ofString());
  }

  HttpRequest.Builder request(String baseUrl, String question, boolean stream) {
    String body = """
        {"model": "glm-4.6", "stream": %s, "messages": [{"role": "user", "content": "%s"}]}
        """.formatted(stream, question);
    return HttpRequest.newBuilder(URI.create(baseUrl + "/chat/completions"))
        .header("Authorization", "Bearer " + glm.apiKey())
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body));
  }
}
