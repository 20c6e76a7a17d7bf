"""Forms after which families choose a time."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake_forms', '0036_closed_again'),
    ]

    operations = [
        migrations.AddField(
            model_name='formdefinition',
            name='with_time',
            field=models.BooleanField(default=False, help_text='For visits and consultations: once the form is sent, the free times of the centre stand on the receipt and on the page of the request.', verbose_name='families choose a time'),
        ),
    ]
