import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** OkHttp and Jackson: a question, a conversation, a stream, a function call, refusals. */
public class OkHttpChat {
  static final String BASE_URL = System.getenv("GLM_BASE_URL");
  static final String API_KEY = System.getenv("GLM_API_KEY");
  static final MediaType JSON = MediaType.get("application/json; charset=utf-8");
  static final ObjectMapper mapper = new ObjectMapper();
  static final OkHttpClient client = new OkHttpClient.Builder().readTimeout(60, TimeUnit.SECONDS).build();

  public static void main(String[] arguments) throws IOException {
    chat();
    conversation();
    stream();
    tools();
    refusals();
    System.exit(0); // OkHttp keeps its connections, and so the program, for a while
  }

  static void chat() throws IOException {
    JsonNode answer = ask(Map.of("messages", List.of(user("你好，请介绍一下自己")), "temperature", 1.0));
    JsonNode choice = answer.at("/choices/0");
    check("the answer ends with finish_reason stop", choice.path("finish_reason").asText().equals("stop"), choice);
    check("the answer is in Chinese", choice.at("/message/content").asText().matches("(?s).*\\p{IsHan}.*"), choice);
    check("the model shows its thinking", !choice.at("/message/reasoning_content").asText().isEmpty(), choice);
    checkUsage(answer.path("usage"));
  }

  static void conversation() throws IOException {
    JsonNode answer = ask(Map.of("messages", List.of(
        Map.of("role", "system", "content", "你是一个有用的助手"),
        user("我叫小明"),
        Map.of("role", "assistant", "content", "你好，小明！"),
        user("我叫什么名字？"))));
    check("what was said before is known", answer.at("/choices/0/message/content").asText().contains("小明"), answer);
  }

  static void stream() throws IOException {
    Map<String, Object> question = Map.of("messages", List.of(user("写一首关于春天的诗")));
    StringBuilder content = new StringBuilder();
    StringBuilder thinking = new StringBuilder();
    JsonNode last = mapper.nullNode();
    boolean done = false;
    try (Response response = client.newCall(request(with(question, "stream", true), "Bearer " + API_KEY)).execute()) {
      check("the content type is an event stream", response.header("Content-Type").startsWith("text/event-stream"), null);
      BufferedReader lines = new BufferedReader(response.body().charStream());
      for (String line; (line = lines.readLine()) != null; ) {
        if (!line.startsWith("data: ")) continue;
        String data = line.substring("data: ".length());
        if (data.equals("[DONE]")) {
          done = true;
          break;
        }
        last = mapper.readTree(data);
        content.append(last.at("/choices/0/delta/content").asText(""));
        thinking.append(last.at("/choices/0/delta/reasoning_content").asText(""));
      }
    }
    JsonNode whole = ask(question).at("/choices/0/message");
    check("the stream ends with [DONE]", done, last);
    check("the deltas joined are the answer", whole.path("content").asText().contentEquals(content), content);
    check("and the thinking", whole.path("reasoning_content").asText().contentEquals(thinking), thinking);
    check("the last chunk says stop", last.at("/choices/0/finish_reason").asText().equals("stop"), last);
    checkUsage(last.path("usage"));
  }

  static void tools() throws IOException {
    Map<String, Object> getWeather = Map.of("type", "function", "function", Map.of(
        "name", "get_weather",
        "description", "获取指定城市的天气",
        "parameters", Map.of(
            "type", "object",
            "properties", Map.of("city", Map.of("type", "string", "description", "城市名称")),
            "required", List.of("city"))));
    Map<String, Object> question = user("北京今天天气怎么样？");
    JsonNode choice = ask(Map.of("messages", List.of(question), "tools", List.of(getWeather))).at("/choices/0");
    JsonNode call = choice.at("/message/tool_calls/0");
    check("the model calls a function", choice.path("finish_reason").asText().equals("tool_calls"), choice);
    check("get_weather", call.at("/function/name").asText().equals("get_weather"), call);
    JsonNode parsed = mapper.readTree(call.at("/function/arguments").asText());
    check("with the city of the question", parsed.path("city").asText().equals("北京"), parsed);

    Map<String, Object> result =
        Map.of("role", "tool", "tool_call_id", call.path("id").asText(), "content", "{\"temperature\": 21}");
    List<Object> messages = List.of(question, choice.path("message"), result);
    JsonNode last = ask(Map.of("messages", messages, "tools", List.of(getWeather)));
    check("the final answer uses the result", last.at("/choices/0/message/content").asText().contains("21"), last);
  }

  static void refusals() throws IOException {
    Map<String, Object> hello = Map.of("messages", List.of(user("你好")));
    refused(401, "1000", "身份验证失败", hello, "Bearer 0123456789abcdef.unknownSecret");
    refused(400, "1211", "模型不存在", with(hello, "model", "gpt-4o"), "Bearer " + API_KEY);
    refused(400, "1210", "限制数值范围[1,131072]", with(hello, "max_tokens", 999_999), "Bearer " + API_KEY);
    refused(400, "1214", "messages 参数非法", Map.of("messages", List.of()), "Bearer " + API_KEY);
  }

  static void refused(int status, String code, String words, Map<String, Object> body, String authorization)
      throws IOException {
    try (Response response = client.newCall(request(body, authorization)).execute()) {
      JsonNode error = mapper.readTree(response.body().string()).path("error");
      boolean expected = response.code() == status
          && error.path("code").asText().equals(code)
          && error.path("message").asText().contains(words);
      check(status + "/" + code + " " + words, expected, response.code() + " " + error);
    }
  }

  static JsonNode ask(Map<String, Object> body) throws IOException {
    try (Response response = client.newCall(request(body, "Bearer " + API_KEY)).execute()) {
      String text = response.body().string();
      if (!response.isSuccessful()) throw new IOException("the call failed: " + response.code() + " " + text);
      return mapper.readTree(text);
    }
  }

  static Request request(Map<String, Object> body, String authorization) throws IOException {
    Map<String, Object> whole = body.containsKey("model") ? body : with(body, "model", "glm-4.6");
    return new Request.Builder()
        .url(BASE_URL + "/chat/completions")
        .addHeader("Authorization", authorization)
        .addHeader("Content-Type", "application/json")
        .post(RequestBody.create(mapper.writeValueAsString(whole), JSON))
        .build();
  }

  static Map<String, Object> user(String content) {
    return Map.of("role", "user", "content", content);
  }

  static Map<String, Object> with(Map<String, Object> body, String name, Object value) {
    Map<String, Object> more = new java.util.LinkedHashMap<>(body);
    more.put(name, value);
    return more;
  }

  static void checkUsage(JsonNode usage) {
    int prompt = usage.path("prompt_tokens").asInt();
    int completion = usage.path("completion_tokens").asInt();
    boolean addsUp = prompt > 0 && completion > 0 && usage.path("total_tokens").asInt() == prompt + completion;
    check("the usage adds up", addsUp, usage);
  }

  static void check(String sentence, boolean holds, Object got) {
    if (!holds) {
      System.err.println("FAIL: expected: " + sentence + "\n      but got: " + got);
      System.exit(1);
    }
    System.out.println("  ok: " + sentence);
  }
}
